//! What the client can do, and what it is told that we can.

use std::path::PathBuf;

use lsp_types::{
    CodeActionKind, CodeActionOptions, CodeActionProviderCapability, CodeLensOptions,
    ExecuteCommandOptions, FailureHandlingKind, HoverProviderCapability, InitializeParams,
    InitializeResult, MarkupKind, OneOf, SaveOptions, ServerCapabilities, ServerInfo,
    TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions,
    TextDocumentSyncSaveOptions, Uri, WorkspaceFoldersServerCapabilities,
    WorkspaceServerCapabilities,
};

use crate::command::Verb;
use crate::place_name;
use crate::position::Encoding;

/// The client, as it described itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Client {
    /// The unit of columns.
    pub encoding: Encoding,
    /// Whether it takes edits with the version they were made for.
    pub versioned_edits: bool,
    /// Whether it applies an edit of several documents as a whole or not at all.
    pub transactional: bool,
    /// Whether it can be made to ask for diagnostics, instead of being told.
    pub may_pull: bool,
    /// Whether it can be made to ask for code lenses again.
    pub lenses: bool,
    /// Whether it can be asked what is set.
    pub configuration: bool,
    /// Whether it wants to be asked to tell when that is another.
    pub tells_configuration: bool,
    /// Whether it shows the progress of what takes its time.
    pub progress: bool,
    /// Whether it wants to hear when what the extension protocol lists has changed.
    pub hears_changes: bool,
    /// Whether a diagnostic may point to other places.
    pub related: bool,
    /// Whether it knows code actions, and not only commands.
    pub literals: bool,
    /// How hovers are written.
    pub markup: MarkupKind,
}

impl Default for Client {
    fn default() -> Self {
        Self::of(&InitializeParams::default())
    }
}

impl Client {
    /// Reads what it says of itself.
    pub(crate) fn of(params: &InitializeParams) -> Self {
        let capabilities = &params.capabilities;
        let general = capabilities.general.as_ref();
        let offered = general.and_then(|general| general.position_encodings.as_deref());
        let edit = capabilities.workspace.as_ref().and_then(|w| w.workspace_edit.as_ref());
        let versioned_edits = edit.is_some_and(|edit| {
            // Creating, renaming and deleting exist in `documentChanges` only: who lists them reads it.
            edit.document_changes == Some(true)
                || edit.resource_operations.as_ref().is_some_and(|kinds| !kinds.is_empty())
        });
        let failure = edit.and_then(|edit| edit.failure_handling);
        let whole =
            [FailureHandlingKind::Transactional, FailureHandlingKind::TextOnlyTransactional];
        let text = capabilities.text_document.as_ref();
        let hover = text.and_then(|text| text.hover.as_ref());
        let formats = hover.and_then(|hover| hover.content_format.as_deref()).unwrap_or_default();
        let markdown = formats.contains(&MarkupKind::Markdown);
        Self {
            encoding: Encoding::negotiate(offered),
            versioned_edits,
            transactional: versioned_edits && failure.is_some_and(|kind| whole.contains(&kind)),
            may_pull: text
                .and_then(|text| text.diagnostic.as_ref())
                .is_some_and(|diagnostic| diagnostic.dynamic_registration == Some(true)),
            lenses: capabilities
                .workspace
                .as_ref()
                .and_then(|workspace| workspace.code_lens.as_ref())
                .is_some_and(|lenses| lenses.refresh_support == Some(true)),
            configuration: capabilities
                .workspace
                .as_ref()
                .is_some_and(|workspace| workspace.configuration == Some(true)),
            tells_configuration: capabilities
                .workspace
                .as_ref()
                .and_then(|workspace| workspace.did_change_configuration.as_ref())
                .is_some_and(|told| told.dynamic_registration == Some(true)),
            progress: capabilities
                .window
                .as_ref()
                .is_some_and(|window| window.work_done_progress == Some(true)),
            hears_changes: capabilities
                .experimental
                .as_ref()
                .and_then(|experimental| experimental.pointer("/countersign/changed"))
                .is_some_and(|wants| *wants == true),
            related: text
                .and_then(|text| text.publish_diagnostics.as_ref())
                .is_some_and(|publish| publish.related_information == Some(true)),
            literals: text
                .and_then(|text| text.code_action.as_ref())
                .is_some_and(|action| action.code_action_literal_support.is_some()),
            markup: if markdown { MarkupKind::Markdown } else { MarkupKind::PlainText },
        }
    }

    /// The answer to `initialize`.
    pub(crate) fn welcome(&self) -> InitializeResult {
        let sync = TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::INCREMENTAL),
            save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions {
                include_text: Some(false),
            })),
            ..TextDocumentSyncOptions::default()
        };
        let capabilities = ServerCapabilities {
            position_encoding: Some(self.encoding.kind()),
            text_document_sync: Some(TextDocumentSyncCapability::Options(sync)),
            hover_provider: Some(HoverProviderCapability::Simple(true)),
            code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
                code_action_kinds: Some(vec![
                    CodeActionKind::QUICKFIX,
                    CodeActionKind::REFACTOR,
                    CodeActionKind::SOURCE,
                ]),
                ..CodeActionOptions::default()
            })),
            code_lens_provider: Some(CodeLensOptions { resolve_provider: Some(false) }),
            execute_command_provider: Some(ExecuteCommandOptions {
                commands: Verb::ALL.map(|verb| verb.name().to_owned()).to_vec(),
                ..ExecuteCommandOptions::default()
            }),
            workspace: Some(WorkspaceServerCapabilities {
                workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                    supported: Some(true),
                    change_notifications: Some(OneOf::Left(true)),
                }),
                ..WorkspaceServerCapabilities::default()
            }),
            ..ServerCapabilities::default()
        };
        let (name, version) = ("countersign".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
        InitializeResult {
            capabilities,
            server_info: Some(ServerInfo { name, version: Some(version) }),
        }
    }
}

/// The folders the client opened.
#[expect(deprecated, reason = "older clients name their folder in `rootUri` or `rootPath` only")]
pub(crate) fn folders(params: &InitializeParams) -> Vec<PathBuf> {
    let named: Vec<&Uri> = match params.workspace_folders.as_deref() {
        Some(folders) if !folders.is_empty() => folders.iter().map(|folder| &folder.uri).collect(),
        _ => params.root_uri.iter().collect(),
    };
    if named.is_empty() {
        return params.root_path.iter().map(PathBuf::from).collect();
    }
    named.into_iter().filter_map(place_name::to_path).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn client(capabilities: Value) -> Client {
        let params = json!({ "processId": null, "rootUri": null, "capabilities": capabilities });
        Client::of(&serde_json::from_value(params).unwrap())
    }

    #[test]
    fn clients_as_they_describe_themselves() {
        let code = client(json!({
            "workspace": { "workspaceEdit": { "documentChanges": true, "failureHandling": "textOnlyTransactional" } },
            "textDocument": {
                "diagnostic": { "dynamicRegistration": true },
                "publishDiagnostics": { "relatedInformation": true },
                "codeAction": { "codeActionLiteralSupport": { "codeActionKind": { "valueSet": [] } } },
                "hover": { "contentFormat": ["markdown", "plaintext"] },
            },
        }));
        assert!(code.transactional && code.may_pull && code.related && code.literals);
        let neovim = client(json!({
            "workspace": { "workspaceEdit": { "resourceOperations": ["rename", "create", "delete"] } },
            "textDocument": { "diagnostic": { "dynamicRegistration": false } },
        }));
        assert!(neovim.versioned_edits && !neovim.transactional && !neovim.may_pull);
        let helix = client(json!({
            "general": { "positionEncodings": ["utf-8", "utf-32", "utf-16"] },
            "workspace": { "workspaceEdit": { "documentChanges": true, "failureHandling": "abort" } },
        }));
        assert_eq!((helix.encoding, helix.transactional), (Encoding::Utf8, false));
        assert!(!client(json!({})).versioned_edits);
    }

    #[test]
    fn folders_come_from_whatever_the_client_fills_in() {
        let of = |params: Value| folders(&serde_json::from_value(params).unwrap());
        let folder = json!([{ "uri": "file:///r/a%20b", "name": "r" }]);
        assert_eq!(
            of(json!({ "capabilities": {}, "rootUri": "file:///x", "workspaceFolders": folder })),
            [PathBuf::from("/r/a b")]
        );
        assert_eq!(
            of(json!({ "capabilities": {}, "rootUri": "file:///x" })),
            [PathBuf::from("/x")]
        );
        assert_eq!(of(json!({ "capabilities": {}, "rootPath": "/y" })), [PathBuf::from("/y")]);
        assert_eq!(of(json!({ "capabilities": {} })), Vec::<PathBuf>::new());
    }
}
