-- Drives `ordain lsp` as Neovim does for its user, and ends with status 1 at the first thing that is not as it should be.
-- What does not come in time is an error, too. The functions used are those of Neovim 0.7, which Debian 12 has.

if not (vim.lsp and vim.lsp.start_client and vim.lsp.util.jump_to_location and vim.api.nvim_create_autocmd) then
  io.stdout:write('SKIPPED: this Neovim lacks functions that Neovim 0.7 has\n')
  vim.cmd('qall!')
end

local PATIENCE = 60000 -- milliseconds

local function wait(what, condition)
  assert(vim.wait(PATIENCE, condition, 10), 'in vain: ' .. what)
end

local function equal(what, found, wanted)
  if not vim.deep_equal(found, wanted) then
    error(('%s: found %s, wanted %s'):format(what, vim.inspect(found), vim.inspect(wanted)))
  end
end

local function contains(what, text, part)
  assert(type(text) == 'string' and text:find(part, 1, true), ('%s: no %q in %s'):format(what, part, vim.inspect(text)))
end

local client

local function attach(buffer)
  assert(vim.lsp.buf_attach_client(buffer, client.id))
end

-- Asks about the place where `text` begins in the current buffer, `further` bytes later.
local function ask(method, text, further, more)
  local line, column = unpack(vim.fn.searchpos('\\V' .. vim.fn.escape(text, '\\'), 'nw'))
  assert(line > 0, ('there is no %q'):format(text))
  vim.api.nvim_win_set_cursor(0, { line, column - 1 + further })
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  local answers = assert(vim.lsp.buf_request_sync(0, method, vim.tbl_extend('force', params, more or {}), PATIENCE), method)
  local answer = assert(answers[client.id], method)
  return answer.result, answer.error or answer.err
end

-- Goes where a name is declared; gives the path and the line's text.
local function go(text, further)
  local found = ask('textDocument/definition', text, further)
  assert(found and found[1], ('%q is declared nowhere'):format(text))
  vim.lsp.util.jump_to_location(found[1], client.offset_encoding)
  return vim.api.nvim_buf_get_name(0), vim.api.nvim_get_current_line()
end

local function text_of(buffer)
  return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, true), '\n')
end

local function codes(buffer)
  return vim.tbl_map(function(found) return found.code end, vim.diagnostic.get(buffer))
end

local function drive()
  local main = vim.api.nvim_get_current_buf()
  local id = assert(vim.lsp.start_client({ name = 'ordain', cmd = { 'ordain', 'lsp' }, root_dir = vim.fn.getcwd() }))
  client = assert(vim.lsp.get_client_by_id(id))
  attach(main)
  vim.api.nvim_create_autocmd('BufReadPost', { pattern = '*.ord', callback = function(read) attach(read.buf) end })
  wait('the server begins', function() return client.initialized end)

  -- What is wrong is shown where it is, with its code.
  wait('findings', function() return #vim.diagnostic.get(main) > 0 end)
  local findings = vim.diagnostic.get(main)
  equal('findings', codes(main), { 'ORD0312' })
  equal('the line of the finding', findings[1].lnum, 7)
  equal('the column of the finding', findings[1].col, 8)
  contains('the finding', findings[1].message, 'smal')

  -- A hover tells the type and what the comment says, also behind letters of two and of four bytes.
  local hover = ask('textDocument/hover', 'hands(Size.large)', 1)
  contains('hover', hover.contents.value, 'fn hands(size: Size, count: Int = 1) -> Int')
  contains('hover', hover.contents.value, 'How many hands it takes')

  -- Definitions are found in other files and in the standard library, whose sources open as any file does.
  local path, line = go('hands(place', 0)
  contains('the path of a definition', path, '/sizes.ord')
  contains('the line of a definition', line, 'fn hands(')
  local sizes = vim.api.nvim_get_current_buf()
  vim.cmd('buffer ' .. main)
  path, line = go('command.run {', 8)
  contains('the path of a definition in std', path, '/std/command.ord')
  equal('the line of a definition in std', line, 'capability command.run {')
  hover = ask('textDocument/hover', 'argv: Argv', 7)
  contains('hover in std', hover.contents.value, 'type Argv')
  vim.cmd('buffer ' .. main)

  -- The server's correction is applied, and the finding goes; undo brings it back, and redo takes it away again.
  local actions = ask('textDocument/codeAction', 'smal', 0, {
    range = { start = { line = 7, character = 8 }, ['end'] = { line = 7, character = 8 } },
    context = { diagnostics = {}, only = { 'quickfix' } },
  })
  local corrections = vim.tbl_filter(function(action) return action.title == 'Replace with `small`' end, actions)
  equal('corrections', #corrections, 1)
  vim.lsp.util.apply_workspace_edit(corrections[1].edit, client.offset_encoding)
  contains('the corrected text', text_of(main), 'size: small\n')
  wait('no findings', function() return #vim.diagnostic.get(main) == 0 end)
  vim.cmd('undo')
  wait('the finding is back', function() return #vim.diagnostic.get(main) == 1 end)
  vim.cmd('redo')
  wait('no findings again', function() return #vim.diagnostic.get(main) == 0 end)

  -- A new name is refused where it cannot be one, and else given in every file.
  local edit, refusal = ask('textDocument/rename', 'hands(place', 0, { newName = 'if' })
  assert(not edit and refusal, 'a keyword is no name')
  edit = ask('textDocument/rename', 'hands(place', 0, { newName = 'carriers' })
  vim.lsp.util.apply_workspace_edit(edit, client.offset_encoding)
  contains('the renamed declaration', text_of(sizes), 'fn carriers(size: Size')
  contains('a renamed use', text_of(main), 'use sizes.{Size, carriers}')
  contains('a renamed use behind letters of several bytes', text_of(main), 'const note = "é𝄞" + "{carriers(Size.large)}"')
  contains('a renamed use in a plan', text_of(main), '"{carriers(place.size)}"')
  assert(not text_of(main):find('hands(', 1, true), 'the old name is left')

  -- Formatting changes what is not tidy, and nothing else.
  local before = text_of(main)
  local edits = ask('textDocument/formatting', 'plan', 0, { options = { tabSize = 2, insertSpaces = true } })
  vim.lsp.util.apply_text_edits(edits, main, client.offset_encoding)
  equal('the formatted text', text_of(main), (before:gsub('let carried =    command', 'let carried = command')))
  assert(text_of(main) ~= before, 'it was tidy before')

  -- What is typed is seen at once: a new mistake is found, and goes with its cause.
  vim.api.nvim_buf_set_lines(main, -1, -1, true, { '', 'const late: Int = "𝄞"' })
  wait('a new finding', function() return vim.deep_equal(codes(main), { 'ORD0301' }) end)
  vim.api.nvim_buf_set_lines(main, -3, -1, true, {})
  wait('nothing is wrong at last', function() return #vim.diagnostic.get(main) == 0 and #vim.diagnostic.get(sizes) == 0 end)

  -- What other programs write shows, too; Neovim 0.7 watches no files, so the server does.
  local other = vim.fn.getcwd() .. '/other.ord'
  vim.fn.writefile({ 'const other: Int = "x"' }, other)
  local function of_other() return vim.diagnostic.get(vim.uri_to_bufnr(vim.uri_from_fname(other))) end
  wait('a finding in a file that is not open', function() return #of_other() == 1 end)
  vim.fn.writefile({ 'const other: Int = 1' }, other)
  wait('no finding in it', function() return #of_other() == 0 end)

  vim.lsp.stop_client(id)
  wait('the server ends', function() return vim.lsp.client_is_stopped(id) end)
end

local fine, problem = xpcall(drive, debug.traceback)
if not fine then
  io.stderr:write(tostring(problem) .. '\n')
  vim.cmd('cquit 1')
end
io.stdout:write('all of it\n')
vim.cmd('qall!')
