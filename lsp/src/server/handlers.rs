//! What the protocol lets clients ask and tell, each handed on to where it is done.

use std::sync::atomic::Ordering;

use ordain_compiler::SourceFile;
use ordain_diagnostics::TextRange;
use tower_lsp::LanguageServer;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::*;

use super::{Server, answered, capabilities, configure, refused};
use crate::features;
use crate::text::path_of;
use crate::world::{self, File, Snapshot, World};

impl LanguageServer for Server {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let client = world::Client::of(&params);
        let capabilities = capabilities::of(&client);
        // It is asked once; whoever asks again is refused before this.
        let _ = self.about.set(client.clone());
        let mut folders: Vec<String> =
            params.workspace_folders.iter().flatten().map(|folder| path_of(&folder.uri)).collect();
        #[expect(deprecated, reason = "older clients name no folders but this")]
        if let (true, Some(root)) = (folders.is_empty(), &params.root_uri) {
            folders.push(path_of(root));
        }
        self.queue.put(move |world| {
            world.introduce(client, folders);
            world.load();
        });
        Ok(InitializeResult {
            capabilities,
            server_info: Some(ServerInfo { name: "ordain".into(), version: Some(env!("CARGO_PKG_VERSION").into()) }),
            offset_encoding: None,
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        self.begun.notify_one();
        if self.about().watches {
            let client = self.client.clone();
            tokio::spawn(async move {
                // What the client answers changes nothing: it has said that it can.
                drop(client.register_capability(vec![capabilities::watching()]).await);
            });
        }
        configure(self);
    }

    async fn shutdown(&self) -> Result<()> {
        self.ended.store(true, Ordering::SeqCst);
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        self.queue.put(move |world| world.open(params));
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        self.queue.put(move |world| world.change(params));
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.queue.put(move |world| world.close(&params.text_document.uri));
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        self.queue.put(move |world| world.watched(params.changes));
    }

    async fn did_change_configuration(&self, _: DidChangeConfigurationParams) {
        configure(self);
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        self.queue.put(move |world| {
            let gone: Vec<String> = params.event.removed.iter().map(|folder| path_of(&folder.uri)).collect();
            let come: Vec<String> = params.event.added.iter().map(|folder| path_of(&folder.uri)).collect();
            world.move_folders(&gone, come);
        });
    }

    async fn completion(&self, params: CompletionParams) -> Result<Option<CompletionResponse>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position;
        let uri = text_document.uri.clone();
        let prepare = move |world: &mut World| {
            let (source, marked) = {
                let snapshot = world.snapshot();
                let file = snapshot.file(&uri)?;
                (file.source, features::completion::marked(&file, position))
            };
            Some(world.completing(source, marked))
        };
        let answer = move |snapshot: &Snapshot| {
            let file = snapshot.file(&text_document.uri)?;
            features::completion::complete(snapshot, &file, position)
        };
        let found = answered(self.queue.ask(prepare, answer).await)?;
        Ok(found.flatten().map(CompletionResponse::List))
    }

    async fn completion_resolve(&self, item: CompletionItem) -> Result<CompletionItem> {
        self.ask(move |snapshot| features::completion::resolve(snapshot, item.clone())).await
    }

    async fn signature_help(&self, params: SignatureHelpParams) -> Result<Option<SignatureHelp>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position_params;
        let answer = move |snapshot: &Snapshot, file: &File| {
            features::signature_help::signature_help(snapshot, file, file.offset(position))
        };
        self.ask_file(text_document.uri, answer).await
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position_params;
        let hover =
            move |snapshot: &Snapshot, file: &File| features::hover::hover(snapshot, file, file.offset(position));
        self.ask_file(text_document.uri, hover).await
    }

    async fn goto_declaration(&self, params: GotoDefinitionParams) -> Result<Option<GotoDefinitionResponse>> {
        self.goto_definition(params).await
    }

    async fn goto_definition(&self, params: GotoDefinitionParams) -> Result<Option<GotoDefinitionResponse>> {
        self.go(params, features::navigation::definition).await
    }

    async fn goto_type_definition(&self, params: GotoDefinitionParams) -> Result<Option<GotoDefinitionResponse>> {
        self.go(params, features::navigation::type_definition).await
    }

    async fn goto_implementation(&self, params: GotoDefinitionParams) -> Result<Option<GotoDefinitionResponse>> {
        self.go(params, features::navigation::implementation).await
    }

    async fn references(&self, params: ReferenceParams) -> Result<Option<Vec<Location>>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position;
        let declaration = params.context.include_declaration;
        let answer = move |snapshot: &Snapshot, file: &File| {
            let offset = file.offset(position);
            let places = match features::names::at(snapshot, file, offset) {
                Some(at) => features::references::references(snapshot, at.item, &at.meaning, declaration),
                None => {
                    let (_, label) = features::labels::at(file, offset)?;
                    features::labels::references(snapshot, file, &label, declaration)
                }
            };
            let location =
                |(source, range): (SourceFile, TextRange)| snapshot.location(source.path(&snapshot.db), range);
            Some(places.into_iter().filter_map(location).collect())
        };
        self.ask_file(text_document.uri, answer).await
    }

    async fn document_highlight(&self, params: DocumentHighlightParams) -> Result<Option<Vec<DocumentHighlight>>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position_params;
        let answer = move |snapshot: &Snapshot, file: &File| {
            features::highlight::highlight(snapshot, file, file.offset(position))
        };
        self.ask_file(text_document.uri, answer).await
    }

    async fn prepare_rename(&self, params: TextDocumentPositionParams) -> Result<Option<PrepareRenameResponse>> {
        let position = params.position;
        let answer = move |snapshot: &Snapshot, file: &File| {
            Some(features::rename::prepare(snapshot, file, file.offset(position)))
        };
        self.ask_file(params.text_document.uri, answer).await?.transpose().map_err(refused).map(Option::flatten)
    }

    async fn rename(&self, params: RenameParams) -> Result<Option<WorkspaceEdit>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position;
        let answer = move |snapshot: &Snapshot, file: &File| {
            Some(features::rename::rename(snapshot, file, file.offset(position), &params.new_name))
        };
        self.ask_file(text_document.uri, answer).await?.transpose().map_err(refused).map(Option::flatten)
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        let (range, wanted) = (params.range, params.context.only);
        let answer = move |snapshot: &Snapshot, file: &File| {
            Some(features::actions::actions(snapshot, file, file.offsets(range), wanted.clone()))
        };
        self.ask_file(params.text_document.uri, answer).await
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<LSPAny>> {
        self.command(params).await
    }

    async fn workspace_diagnostic(&self, _: WorkspaceDiagnosticParams) -> Result<WorkspaceDiagnosticReportResult> {
        let items = self.ask(features::diagnostics::of_workspace).await?;
        Ok(WorkspaceDiagnosticReportResult::Report(WorkspaceDiagnosticReport { items }))
    }

    async fn diagnostic(&self, params: DocumentDiagnosticParams) -> Result<DocumentDiagnosticReportResult> {
        let uri = params.text_document.uri;
        let items = self.ask(move |snapshot| features::diagnostics::of_document(snapshot, &uri)).await?;
        let report = RelatedFullDocumentDiagnosticReport {
            related_documents: None,
            full_document_diagnostic_report: FullDocumentDiagnosticReport { result_id: None, items },
        };
        Ok(DocumentDiagnosticReportResult::Report(DocumentDiagnosticReport::Full(report)))
    }

    async fn semantic_tokens_full(&self, params: SemanticTokensParams) -> Result<Option<SemanticTokensResult>> {
        let uri = params.text_document.uri;
        let found =
            self.ask_file(uri.clone(), |snapshot, file| Some(features::tokens::tokens(snapshot, file, None))).await?;
        Ok(found.map(|data| {
            SemanticTokensResult::Tokens(SemanticTokens { result_id: Some(self.painted.keep(uri, data.clone())), data })
        }))
    }

    async fn semantic_tokens_full_delta(
        &self,
        params: SemanticTokensDeltaParams,
    ) -> Result<Option<SemanticTokensFullDeltaResult>> {
        let uri = params.text_document.uri;
        let found =
            self.ask_file(uri.clone(), |snapshot, file| Some(features::tokens::tokens(snapshot, file, None))).await?;
        let Some(data) = found else { return Ok(None) };
        let before = self.painted.take(&uri, &params.previous_result_id);
        let edits = before.map(|before| features::tokens::delta(&before, &data));
        let result_id = Some(self.painted.keep(uri, data.clone()));
        Ok(Some(match edits {
            Some(edits) => SemanticTokensFullDeltaResult::TokensDelta(SemanticTokensDelta { result_id, edits }),
            None => SemanticTokensFullDeltaResult::Tokens(SemanticTokens { result_id, data }),
        }))
    }

    async fn semantic_tokens_range(
        &self,
        params: SemanticTokensRangeParams,
    ) -> Result<Option<SemanticTokensRangeResult>> {
        let within = params.range;
        let found = self.ask_file(params.text_document.uri, move |snapshot, file| {
            Some(features::tokens::tokens(snapshot, file, Some(file.offsets(within))))
        });
        Ok(found.await?.map(|data| SemanticTokensRangeResult::Tokens(SemanticTokens { result_id: None, data })))
    }

    async fn folding_range(&self, params: FoldingRangeParams) -> Result<Option<Vec<FoldingRange>>> {
        self.ask_file(params.text_document.uri, |_, file| Some(features::folding::ranges(file))).await
    }

    async fn selection_range(&self, params: SelectionRangeParams) -> Result<Option<Vec<SelectionRange>>> {
        let positions = params.positions;
        self.ask_file(params.text_document.uri, move |_, file| Some(features::selection::ranges(file, &positions)))
            .await
    }

    async fn document_symbol(&self, params: DocumentSymbolParams) -> Result<Option<DocumentSymbolResponse>> {
        self.ask_file(params.text_document.uri, |snapshot, file| Some(features::symbols::of_file(snapshot, file))).await
    }

    async fn symbol(&self, params: WorkspaceSymbolParams) -> Result<Option<WorkspaceSymbolResponse>> {
        let found = self.ask(move |snapshot| features::symbols::of_workspace(snapshot, &params.query)).await?;
        Ok(Some(WorkspaceSymbolResponse::Nested(found)))
    }

    async fn document_link(&self, params: DocumentLinkParams) -> Result<Option<Vec<DocumentLink>>> {
        self.ask_file(params.text_document.uri, |snapshot, file| Some(features::links::links(snapshot, file))).await
    }

    async fn formatting(&self, params: DocumentFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        let found =
            self.ask_file(params.text_document.uri, |_, file| Some(features::formatting::document(file))).await?;
        found.transpose().map_err(refused)
    }

    async fn range_formatting(&self, params: DocumentRangeFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        let range = params.range;
        let found =
            self.ask_file(params.text_document.uri, move |_, file| Some(features::formatting::range(file, range)));
        found.await?.transpose().map_err(refused)
    }

    async fn on_type_formatting(&self, params: DocumentOnTypeFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        let at = params.text_document_position;
        let (position, typed) = (at.position, params.ch);
        self.ask_file(at.text_document.uri, move |_, file| Some(features::formatting::on_type(file, position, &typed)))
            .await
    }

    async fn linked_editing_range(&self, params: LinkedEditingRangeParams) -> Result<Option<LinkedEditingRanges>> {
        let at = params.text_document_position_params;
        let position = at.position;
        self.ask_file(at.text_document.uri, move |snapshot, file| {
            features::linked::ranges(snapshot, file, file.offset(position))
        })
        .await
    }

    async fn prepare_call_hierarchy(
        &self,
        params: CallHierarchyPrepareParams,
    ) -> Result<Option<Vec<CallHierarchyItem>>> {
        let at = params.text_document_position_params;
        let position = at.position;
        self.ask_file(at.text_document.uri, move |snapshot, file| {
            features::hierarchy::prepare(snapshot, file, file.offset(position))
        })
        .await
    }

    async fn incoming_calls(
        &self,
        params: CallHierarchyIncomingCallsParams,
    ) -> Result<Option<Vec<CallHierarchyIncomingCall>>> {
        self.ask(move |snapshot| features::hierarchy::incoming(snapshot, &params.item)).await
    }

    async fn outgoing_calls(
        &self,
        params: CallHierarchyOutgoingCallsParams,
    ) -> Result<Option<Vec<CallHierarchyOutgoingCall>>> {
        self.ask(move |snapshot| features::hierarchy::outgoing(snapshot, &params.item)).await
    }

    async fn inlay_hint(&self, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>> {
        let range = params.range;
        self.ask_file(params.text_document.uri, move |snapshot, file| {
            Some(features::hints::hints(snapshot, file, file.offsets(range)))
        })
        .await
    }

    async fn inline_value(&self, params: InlineValueParams) -> Result<Option<Vec<InlineValue>>> {
        let range = params.range;
        self.ask_file(params.text_document.uri, move |snapshot, file| {
            Some(features::values::values(snapshot, file, file.offsets(range)))
        })
        .await
    }

    async fn code_lens(&self, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        self.ask_file(params.text_document.uri, features::lenses::lenses).await
    }

    async fn code_lens_resolve(&self, params: CodeLens) -> Result<CodeLens> {
        self.ask(move |snapshot| features::lenses::resolve(snapshot, params.clone())).await
    }
}
