//! What the client can do, and what its user has set.

use serde::Deserialize;
use tower_lsp::ls_types::{InitializeParams, MarkupKind, PositionEncodingKind};

use crate::text::Encoding;

/// What the client can do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Client {
    /// In what its columns are counted.
    pub(crate) encoding: Encoding,
    /// Whether it has the commands of lenses itself.
    pub(crate) commands: bool,
    /// Whether it asks for diagnostics instead of being told.
    pub(crate) pull: bool,
    /// Whether it understands places to fill in.
    pub(crate) snippets: bool,
    /// Whether it shows Markdown.
    pub(crate) markdown: bool,
    /// Whether it takes diagnostics with links, and with further places.
    pub(crate) links: bool,
    /// Whether it shows symbols as a tree.
    pub(crate) symbol_tree: bool,
    /// Whether it takes both ends of a link.
    pub(crate) definition_links: bool,
    /// Whether it watches files for the server.
    pub(crate) watches: bool,
    /// Whether it is asked for settings.
    pub(crate) configuration: bool,
    /// What it asks again when told to: hints, lenses, colours, diagnostics.
    pub(crate) refreshes: [bool; 4],
}

/// `initializationOptions`
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Options {
    client_commands: bool,
    diagnostics: String,
}

impl Client {
    /// What a client says of itself.
    pub(crate) fn of(params: &InitializeParams) -> Self {
        let options: Options = params
            .initialization_options
            .clone()
            .and_then(|options| serde_json::from_value(options).ok())
            .unwrap_or_default();
        let capabilities = &params.capabilities;
        let text = capabilities.text_document.clone().unwrap_or_default();
        let workspace = capabilities.workspace.clone().unwrap_or_default();
        let encodings = capabilities.general.as_ref().and_then(|general| general.position_encodings.clone());
        let utf8 = encodings.is_some_and(|known| known.contains(&PositionEncodingKind::UTF8));
        let completion = text.completion.and_then(|completion| completion.completion_item).unwrap_or_default();
        let hover = text.hover.and_then(|hover| hover.content_format).unwrap_or_default();
        Self {
            encoding: if utf8 { Encoding::Utf8 } else { Encoding::Utf16 },
            commands: options.client_commands,
            pull: options.diagnostics == "pull",
            snippets: completion.snippet_support.unwrap_or_default(),
            markdown: hover.contains(&MarkupKind::Markdown),
            links: text.publish_diagnostics.and_then(|known| known.code_description_support).unwrap_or_default(),
            symbol_tree: text
                .document_symbol
                .and_then(|known| known.hierarchical_document_symbol_support)
                .unwrap_or_default(),
            definition_links: text.definition.and_then(|known| known.link_support).unwrap_or_default(),
            watches: workspace
                .did_change_watched_files
                .and_then(|known| known.dynamic_registration)
                .unwrap_or_default(),
            configuration: workspace.configuration.unwrap_or_default(),
            refreshes: [
                workspace.inlay_hint.and_then(|known| known.refresh_support).unwrap_or_default(),
                workspace.code_lens.and_then(|known| known.refresh_support).unwrap_or_default(),
                workspace.semantic_tokens.and_then(|known| known.refresh_support).unwrap_or_default(),
                workspace.diagnostics.and_then(|known| known.refresh_support).unwrap_or_default(),
            ],
        }
    }
}

/// What the user has set, in the section `ordain`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Settings {
    /// Which hints are shown between what is written.
    pub(crate) inlay_hints: InlayHints,
    /// What is shown above declarations.
    pub(crate) code_lens: CodeLens,
}

/// Which hints are shown.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct InlayHints {
    /// The types of what declares none.
    pub(crate) types: bool,
    /// The defaults of fields that are left out.
    pub(crate) defaults: bool,
    /// Effects and risks of steps.
    pub(crate) risk: bool,
    /// The addresses of steps.
    pub(crate) step_ids: bool,
}

impl Default for InlayHints {
    fn default() -> Self {
        Self { types: true, defaults: true, risk: true, step_ids: true }
    }
}

/// What is shown above declarations.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CodeLens {
    /// Anything at all.
    pub(crate) enable: bool,
    /// How often something is referred to.
    pub(crate) references: bool,
}

impl Default for CodeLens {
    fn default() -> Self {
        Self { enable: true, references: true }
    }
}
