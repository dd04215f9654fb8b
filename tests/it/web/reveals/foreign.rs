//! Approvals that somebody put into the database, or put back.

use telescope::ops::access_seals;
use telescope::store::{self, audit::Filter};

use super::{PASSWORD, SECOND, THIRD, Told, WHY, refused};

#[tokio::test]
async fn an_approval_of_a_row_is_none() {
    let (told, second) = Told::new().await;
    let by = told.test.user(SECOND).await.id;
    let id = told.asks(&told.root, &told.password()).await;
    let approved =
        format!("update reveal_requests set state = 'approved', decided_by = '{by}', decided_at = created");
    told.test.sql(&approved).await;
    refused(told.root.post(&told.password(), &[("reason", WHY)]).await, "Request a new one").await;
    access_seals::sweep(&told.test.app).await.unwrap();
    let conn = &mut told.test.app.db.read().await.unwrap();
    let entry = store::audit::page(conn, &Filter::default(), 1).await.unwrap().remove(0);
    assert_eq!(entry.code, "access.foreign-row");
    assert!(entry.details.unwrap().contains("approval"));

    // A true approval of another request, by its entry and its proof.
    let other = told.asks(&told.root, &told.password()).await;
    told.approves(&second, other).await;
    told.test
        .sql(&format!(
            "update reveal_requests set state = 'expired' where id = '{other}';
             update reveal_requests set state = 'approved', decided_by = '{by}', created = created + 1,
             entry = (select entry from reveal_requests where id = '{other}'),
             proof = (select proof from reveal_requests where id = '{other}'),
             decided_at = (select decided_at from reveal_requests where id = '{other}') where id = '{id}'"
        ))
        .await;
    refused(told.root.post(&told.password(), &[("reason", WHY)]).await, "").await;
}

#[tokio::test]
async fn a_request_that_was_changed_is_none() {
    let told = Told::with(&format!("root@example.org,{SECOND},{THIRD}")).await;
    let (second, _) = (told.test.signed_in(SECOND).await, told.test.signed_in(THIRD).await);
    let third = told.test.user(THIRD).await.id;
    for change in [
        format!("update reveal_requests set requester = '{third}' where state = 'waiting'"),
        "update reveal_requests set expires = expires + 3600000 where state = 'waiting'".into(),
        "update reveal_requests set reason = 'Another one' where state = 'waiting'".into(),
        "update reveal_requests set kind = 'login-code' where state = 'waiting'".into(),
    ] {
        let id = told.asks(&told.root, &told.password()).await;
        told.test.sql(&change).await;
        let answer = told.decides(&second, "approve", id).await;
        assert_eq!(answer.status, axum::http::StatusCode::CONFLICT, "{change}: {}", answer.body);
        access_seals::sweep(&told.test.app).await.unwrap();
    }
}

#[tokio::test]
async fn a_used_approval_does_not_come_back() {
    let (told, second) = Told::new().await;
    let id = told.asks(&told.root, &told.password()).await;
    told.approves(&second, id).await;
    let kept = "create table kept as select * from reveal_requests";
    told.test.sql(kept).await;
    let shown = told.root.post(&told.password(), &[("reason", WHY)]).await;
    assert!(shown.body.contains(PASSWORD), "{}", shown.body);
    told.test
        .sql("delete from reveal_requests; insert into reveal_requests select * from kept; drop table kept")
        .await;
    refused(told.root.post(&told.password(), &[("reason", WHY)]).await, "").await;
}
