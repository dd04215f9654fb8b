use super::*;
use std::time::Duration;

const NOW: Duration = Duration::from_secs(1_000_000);

fn push(session: &mut Session, answers: Option<i64>) {
    session.push(Outgoing { body: vec![1, 2, 3, 4], content: true, answers });
}

#[test]
fn what_is_not_acknowledged_is_sent_again_on_the_next_connection() {
    let (mut session, mut ids, notify) = (Session::new(1), MessageIds::default(), Arc::default());
    session.attach(1, &notify);
    push(&mut session, None);
    push(&mut session, Some(77));
    let first = session.take(&mut ids, NOW);
    assert_eq!(first.iter().map(|message| message.seqno).collect::<Vec<_>>(), [1, 3]);
    assert!(first[0].id % 4 == 1 && first[1].id > first[0].id);
    session.acknowledge(&[first[0].id]);
    session.attach(1, &notify);
    assert!(session.take(&mut ids, NOW).is_empty(), "the same connection");
    session.attach(2, &notify);
    assert_eq!(session.take(&mut ids, NOW), first[1..]);
    session.attach(3, &notify);
    let later = session.take(&mut ids, NOW + Duration::from_secs(500));
    assert!(later[0].id > first[1].id && later[0].body == first[1].body, "with an id of today");
    assert_eq!(session.drop_answer(77).unwrap().id, later[0].id);
    assert!(session.drop_answer(77).is_none());
}

#[test]
fn nothing_grows_without_bound() {
    let (mut session, mut ids) = (Session::new(1), MessageIds::default());
    for id in 0..10_000 {
        assert!(session.receive(id));
        push(&mut session, None);
    }
    assert!(!session.receive(9_999));
    assert_eq!(session.states_of(&[9_999, 1, 20_000]), [4, 1, 3]);
    let out = session.take(&mut ids, NOW);
    assert!(out.len() <= MAX_UPDATES + 1);
    assert_eq!(out[0].body, enums::Updates::TooLong.to_bytes());
    for request in 0..3000 {
        push(&mut session, Some(request));
    }
    assert_eq!(session.queued_bytes(), 3000 * 4);
    assert_eq!(session.take(&mut ids, NOW).len(), 3000, "no answer is left out");
    assert_eq!(session.sent.len(), MAX_SENT);
    let body = vec![0; MAX_SENT_BYTES / 2 + 4];
    for request in 0..3 {
        session.push(Outgoing::answer(body.clone(), request));
    }
    session.take(&mut ids, NOW);
    assert_eq!(session.sent.len(), 1);
    let last = session.sent[0].message.id;
    session.acknowledge(&[last]);
    assert_eq!((session.sent.len(), session.sent_bytes), (0, 0));
}
