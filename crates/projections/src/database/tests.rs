//! Files: made, locked, replaced, resumed.

use std::{fs, time::Duration};

use tokio::time::Instant;

use super::{Database, OpenOptions, RebuildTarget};
use crate::{
    Log, OpenError,
    fixture::{CREATED, World, bound, projected},
};

fn options() -> OpenOptions {
    OpenOptions {
        cache_bytes: 8 * 1024 * 1024,
    }
}

#[test]
fn a_missing_file_and_directory_are_made() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a/b/projections.redb");
    let opened = Database::open(&path, options()).unwrap();
    assert!(!opened.rebuilt);
    assert_eq!(opened.database.path(), Some(path.as_path()));
    assert_eq!(
        opened.database.view().unwrap().check().unwrap(),
        Vec::<String>::new()
    );
}

#[test]
fn a_file_has_one_owner() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("projections.redb");
    let opened = Database::open(&path, options()).unwrap();
    let error = Database::open(&path, options()).unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }));
    assert!(error.to_string().contains("projections.redb") && error.to_string().contains("stop that server"));
    assert!(matches!(
        RebuildTarget::create(&path, options()),
        Err(OpenError::Locked { .. })
    ));
    drop(opened);
    assert!(Database::open(&path, options()).is_ok());
}

#[test]
fn work_goes_on_where_it_stopped() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("projections.redb");
    let world = World::after(&[]);
    {
        let database = Database::open(&path, options()).unwrap().database;
        let projector = database.projector();
        projector.bind(Log::Events, CREATED, 99).unwrap();
        projector.apply_events(&world.events[..5]).unwrap();
        projector.flush().unwrap();
    }
    let opened = Database::open(&path, options()).unwrap();
    assert!(!opened.rebuilt);
    let projector = opened.database.projector();
    assert_eq!(projector.bind(Log::Events, CREATED, 99).unwrap(), 5);
    projector.apply_events(&world.events[5..]).unwrap();
    let fingerprint = opened.database.view().unwrap().fingerprint().unwrap();
    assert_eq!(
        fingerprint,
        projected(&world).view().unwrap().fingerprint().unwrap()
    );
}

#[test]
fn a_file_of_another_layout_is_made_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("projections.redb");
    let world = World::after(&[]);
    {
        let database = Database::open(&path, options()).unwrap().database;
        let projector = database.projector();
        projector.bind(Log::Events, CREATED, 99).unwrap();
        projector.apply_events(&world.events).unwrap();
        let transaction = database.inner.store.begin_write().unwrap();
        let mut tables = crate::tables::WriteTables::open(&transaction).unwrap();
        tables
            .meta
            .put(super::SCHEMA_KEY, &(crate::tables::SCHEMA + 1).to_be_bytes())
            .unwrap();
        drop(tables);
        transaction.commit().unwrap();
    }
    let opened = Database::open(&path, options()).unwrap();
    assert!(opened.rebuilt);
    assert!(matches!(
        Database::open(&path, options()),
        Err(OpenError::Locked { .. })
    ));
    assert_eq!(
        opened
            .database
            .projector()
            .bind(Log::Events, CREATED, 99)
            .unwrap(),
        0
    );
    drop(opened);
    assert!(!Database::open(&path, options()).unwrap().rebuilt);
}

#[test]
fn what_is_not_a_projection_database_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let text = directory.path().join("notes.txt");
    fs::write(
        &text,
        "not a database, and longer than a page header would be: ".repeat(100),
    )
    .unwrap();
    assert!(matches!(
        Database::open(&text, options()),
        Err(OpenError::Foreign { .. })
    ));
    assert!(fs::read_to_string(&text).unwrap().starts_with("not a database"));

    let other = directory.path().join("other.redb");
    {
        let store = redb::Database::create(&other).unwrap();
        let transaction = store.begin_write().unwrap();
        transaction
            .open_table(redb::TableDefinition::<u64, u64>::new("numbers"))
            .unwrap()
            .insert(1, 1)
            .unwrap();
        transaction.commit().unwrap();
    }
    assert!(matches!(
        Database::open(&other, options()),
        Err(OpenError::Foreign { .. })
    ));
}

#[test]
fn a_rebuilt_file_takes_the_old_ones_place_when_it_is_whole() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("projections.redb");
    let world = World::after(&[]);
    fs::write(&path, "damaged").unwrap();

    let target = RebuildTarget::create(&path, options()).unwrap();
    target.projector().bind(Log::Events, CREATED, 99).unwrap();
    target.projector().apply_events(&world.events[..3]).unwrap();
    drop(target);
    assert_eq!(fs::read(&path).unwrap(), b"damaged");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);

    fs::write(
        directory.path().join("projections.redb.rebuild"),
        "left behind by a crash",
    )
    .unwrap();
    let target = RebuildTarget::create(&path, options()).unwrap();
    let projector = target.projector();
    projector.bind(Log::Events, CREATED, 99).unwrap();
    projector.bind(Log::Results, CREATED, 99).unwrap();
    projector.apply_events(&world.events).unwrap();
    drop(projector);
    let database = target.finish().unwrap();
    let fingerprint = database.view().unwrap().fingerprint().unwrap();
    assert_eq!(
        fingerprint,
        projected(&world).view().unwrap().fingerprint().unwrap()
    );
    drop(database);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    let again = Database::open(&path, options()).unwrap();
    assert!(!again.rebuilt);
    assert_eq!(again.database.view().unwrap().fingerprint().unwrap(), fingerprint);
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_when_the_sequence_arrives_or_at_the_deadline() {
    let world = World::after(&[]);
    let (database, projector) = bound();
    projector.apply_events(&world.events[..3]).unwrap();
    let soon = || Instant::now() + Duration::from_secs(1);
    database.wait_for(Log::Events, 3, soon()).await.unwrap();
    let error = database.wait_for(Log::Events, 4, soon()).await.unwrap_err();
    assert_eq!((error.log, error.wanted, error.reached), (Log::Events, 4, 3));

    let waiting = tokio::spawn({
        let database = database.clone();
        async move {
            database
                .wait_for(Log::Events, 5, Instant::now() + Duration::from_secs(60))
                .await
        }
    });
    tokio::task::yield_now().await;
    projector.apply_events(&world.events[3..5]).unwrap();
    waiting.await.unwrap().unwrap();
    assert_eq!(database.view().unwrap().sequence(Log::Events), 5);
}
