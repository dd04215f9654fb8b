//! The hub, with td-hosts that only record what they receive.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use telescope::clock::Clock;
use telescope::domain::{AccountId, Phone, Secret, Stage};
use telescope::telegram::{ClientStart, HostSettings, Hosts, Hub, HubSettings, Observer, ProxyUse};
use tokio::sync::mpsc;

use crate::support::waiting::until;

const LIMIT: Duration = Duration::from_secs(30);

/// A hub whose td-host writes its input to a file and never answers; it reports each snapshot's account and stage.
fn recording_hub(folder: &Path) -> (Hub, mpsc::UnboundedReceiver<(AccountId, Stage)>) {
    let program = folder.join("td-host");
    let script = format!("#!/bin/sh\ncat >> '{}'\n", folder.join("frames").display());
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    let (sender, snapshots) = mpsc::unbounded_channel();
    let hosts = HostSettings { program, library: "none".into(), count: 1, memory_limit: None };
    let settings = HubSettings {
        starts_at_once: 4,
        test_environment: true,
        api_id: 1,
        api_hash: Secret::new("none"),
        clock: Clock::System,
    };
    let snapshot = move |account, snapshot: telescope::domain::Snapshot| {
        let _ = sender.send((account, snapshot.stage));
    };
    let observer =
        Observer { snapshot: Box::new(snapshot), picture: Box::new(|_, _| {}), devices: Box::new(|_, _| {}) };
    (Hub::new(settings, Hosts::new(hosts), observer).unwrap(), snapshots)
}

fn frames(folder: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(folder.join("frames")).unwrap_or_default()).into_owned()
}

fn start(number: u16) -> ClientStart {
    ClientStart {
        account: AccountId::generate(),
        identifier: Phone::test(2, number).into(),
        folder: format!("/folder-{number}").into(),
        key: Secret::new("a2V5"),
        known: None,
        photo: None,
        devices_known: true,
        probe: None,
        proxy: ProxyUse::Direct,
    }
}

#[tokio::test]
async fn two_hubs_in_one_process_keep_their_accounts_apart() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let hubs = folders.each_ref().map(|folder| recording_hub(folder.path()));
    let starts = [start(1), start(2)];
    for ((hub, _), start) in hubs.iter().zip(&starts) {
        assert!(hub.account(start.account).is_none());
        hub.connect(start.clone());
    }
    for (at, start) in starts.iter().enumerate() {
        let folder = folders[at].path();
        let configured = format!("{:?}", start.folder.display().to_string());
        until("the td-host is told to open the account's folder", LIMIT, async || {
            frames(folder).contains(&configured).then_some(())
        })
        .await;
    }
    let [(one, mut of_one), (two, mut of_two)] = hubs;
    assert!(!frames(folders[0].path()).contains("/folder-2"));
    assert!(!frames(folders[1].path()).contains("/folder-1"));
    assert!(one.account(starts[0].account).is_some() && one.account(starts[1].account).is_none());
    assert!(two.account(starts[1].account).is_some() && two.account(starts[0].account).is_none());
    one.stop().await;
    assert!(one.account(starts[0].account).is_none());
    assert!(two.account(starts[1].account).is_some(), "the other hub still runs");
    two.stop().await;
    for (snapshots, start) in [(&mut of_one, &starts[0]), (&mut of_two, &starts[1])] {
        while let Ok((account, _)) = snapshots.try_recv() {
            assert_eq!(account, start.account);
        }
    }
}

#[tokio::test]
async fn a_hub_without_accounts_starts_no_process() {
    let folder = tempfile::tempdir().unwrap();
    let (hub, _snapshots) = recording_hub(folder.path());
    hub.stop().await;
    assert!(!folder.path().join("frames").exists());
}
