//! Journeys through the real binary, in hermetic worlds. Few, and each a way a person goes.

#![cfg(test)]
#![allow(clippy::disallowed_methods, reason = "journeys build their own worlds")]

mod adopt;
#[cfg(target_os = "linux")]
mod approval;
#[cfg(target_os = "linux")]
mod ask;
mod budget;
mod check;
#[cfg(target_os = "linux")]
mod command_worker;
mod crash;
mod demo;
mod editors;
#[cfg(target_os = "linux")]
mod escapes;
mod extension_protocol;
mod gates;
mod hooks;
mod language_server;
mod ledger;
mod policy;
mod preflight;
mod propose;
mod protocol;
#[cfg(target_os = "linux")]
mod prove;
#[cfg(target_os = "linux")]
mod prove_coverage;
#[cfg(target_os = "linux")]
mod prove_projects;
mod replay;
mod review;
#[cfg(target_os = "linux")]
mod sandbox;
mod standing;
mod support;
