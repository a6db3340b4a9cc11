;;; emacs.el --- Drives `ordain lsp' by Eglot, as Emacs does for its user -*- lexical-binding: t -*-

;; Ends with status 1 at the first thing that is not as it should be. The names eglot--… are internal to Eglot: this is for
;; version 1.9, which Debian 12 has. Run in a folder with the package, by `emacs --batch -Q -l emacs.el'.

(dolist (folder (file-expand-wildcards "/usr/share/emacs/site-lisp/elpa/*"))
  (add-to-list 'load-path folder))
(unless (string-search "eglot-1.9" (or (locate-library "eglot") ""))
  (princ "SKIPPED: this Emacs has no Eglot 1.9\n")
  (kill-emacs 0))
(require 'eglot)
(require 'cl-lib)

(define-derived-mode ordain-mode prog-mode "Ordain")
(add-to-list 'auto-mode-alist '("\\.ord\\'" . ordain-mode))

(defvar patience 60 "Seconds.")

(defun wait (what condition)
  "Waits until CONDITION holds; WHAT it is about is told where it does not in time."
  (let ((end (+ (float-time) patience)))
    (while (not (funcall condition))
      (when (> (float-time) end) (error "In vain: %s" what))
      (accept-process-output nil 0.02))))

(defun equals (what found wanted)
  (unless (equal found wanted) (error "%s: found %S, wanted %S" what found wanted)))

(defun contains (what text part)
  (unless (string-search part text) (error "%s: no %S in %S" what part text)))

(defun go (text)
  "Goes to where TEXT begins in this buffer."
  (goto-char (point-min))
  (search-forward text)
  (goto-char (match-beginning 0)))

(defun text () (buffer-substring-no-properties (point-min) (point-max)))

(defun findings ()
  (mapcar #'flymake-diagnostic-text (flymake-diagnostics)))

(defun changed ()
  "Tells the server what was typed, which waits for a pause that batches do not have."
  (dolist (name '("sizes.ord" "main.ord"))
    (with-current-buffer name (eglot--signal-textDocument/didChange))))

(defun ask (method &rest more)
  (jsonrpc-request (eglot--current-server-or-lose) method (append (eglot--TextDocumentPositionParams) more)
                   :timeout patience))

(defun drive ()
  (find-file "sizes.ord")
  (find-file "main.ord")
  (eglot--connect '(ordain-mode) (cons 'transient default-directory) 'eglot-lsp-server '("ordain" "lsp") "ordain")
  (dolist (buffer (list (get-file-buffer "sizes.ord") (get-file-buffer "main.ord")))
    (with-current-buffer buffer
      (eglot--maybe-activate-editing-mode)
      (flymake-mode 1)))
  (wait "a finding" #'flymake-diagnostics)
  (equals "findings" (length (findings)) 1)
  (contains "the finding" (car (findings)) "`Size` has no variant `smal`")
  (go "smal")
  (equals "the finding's place" (flymake-diagnostic-beg (car (flymake-diagnostics))) (point))

  (go "hands(Size.large)")
  (contains "hover" (format "%s" (ask :textDocument/hover)) "How many hands it takes")

  ;; Definitions: in another file, and in the standard library, whose sources open as any file does.
  (go "hands(place")
  (xref-find-definitions nil)
  (equals "the file of a definition" (file-name-nondirectory buffer-file-name) "sizes.ord")
  (contains "the line of a definition" (thing-at-point 'line) "fn hands(")
  (switch-to-buffer "main.ord")
  (go "run {")
  (xref-find-definitions nil)
  (contains "the file of a definition in std" buffer-file-name "/std/command.ord")
  (contains "the line of a definition in std" (thing-at-point 'line) "capability command.run")
  (switch-to-buffer "main.ord")

  (go "smal")
  (insert "small")
  (delete-char 4)
  (changed)
  (wait "no findings" (lambda () (not (flymake-diagnostics))))

  (go "hands(Size.large)")
  (eglot-rename "carriers")
  (contains "a renamed use behind letters of several bytes" (text) "\"é𝄞\" + \"{carriers(Size.large)}\"")
  (contains "a renamed use" (text) "use sizes.{Size, carriers}")
  (contains "the renamed declaration" (with-current-buffer "sizes.ord" (text)) "fn carriers(size: Size")

  (contains "what is not tidy" (text) "let carried =    command.run")
  (eglot-format-buffer)
  (contains "what is tidy" (text) "let carried = command.run")

  (goto-char (point-max))
  (insert "\nconst late: Int = \"𝄞\"\n")
  (changed)
  (wait "a new finding" (lambda () (cl-some (lambda (one) (string-search "expected `Int`" one)) (findings))))
  (go "\"𝄞\"")
  (insert "1")
  (delete-region (point) (line-end-position))
  (changed)
  (wait "nothing is wrong at last" (lambda () (not (flymake-diagnostics))))
  (eglot-shutdown (eglot--current-server-or-lose) nil patience))

(setq make-backup-files nil create-lockfiles nil auto-save-default nil confirm-kill-processes nil)
(condition-case problem
    (progn (drive) (princ "all of it\n"))
  (error (message "%s" (error-message-string problem)) (kill-emacs 1)))
;;; emacs.el ends here
