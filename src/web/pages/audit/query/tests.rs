use proptest::prelude::*;

use super::*;

const NOW: Millis = Millis(1_795_236_314_000);

fn wanted(query: &str) -> AuditQuery {
    serde_html_form::from_str(query).unwrap()
}

#[test]
fn what_is_typed_is_understood() {
    let (search, before) = wanted(
        "actor=+Ada@&account=%2B999+66&code=person.*&outcome=failed&from=2026-11-20&until=2026-11-21&before=7",
    )
    .parse(NOW)
    .unwrap();
    assert_eq!((search.actor.as_deref(), before), (Some("Ada@"), Some(7)));
    assert_eq!(search.account, Some(Whose::Digits("99966".into())));
    assert_eq!(search.outcome, Some(Outcome::Failed));
    assert_eq!(search.until.unwrap().seconds_since(search.from.unwrap()), 2 * 24 * 60 * 60);
    assert!(wanted("").parse(NOW).unwrap().0.is_empty() && !wanted("before=7").narrows());
}

#[test]
fn each_wrong_field_is_named() {
    let errors = wanted("account=abc&code=x&outcome=maybe&from=tomorrow&until=2026-02-30&before=x&actor=%00")
        .parse(NOW)
        .unwrap_err();
    let fields: Vec<&str> = errors.iter().filter_map(|error| error.field).collect();
    assert_eq!(fields, ["actor", "account", "code", "outcome", "from", "until", "before"]);
    assert!(errors.iter().all(|error| error.message.ends_with('.')));
    let errors = wanted("from=2026-11-21&until=2026-11-20").parse(NOW).unwrap_err();
    assert_eq!(errors, [FieldError::on("until", words::END_BEFORE_START)]);
    assert!(wanted("from=2026-11-21&until=2026-11-21").parse(NOW).is_ok(), "one day has all of that day");
}

#[test]
fn a_range_ends_now_and_times_go_before_it() {
    let (search, _) = wanted("range=1h").parse(NOW).unwrap();
    assert_eq!((search.from, search.until), (Some(NOW.plus_seconds(-3600)), None));
    let query = wanted("range=1h&until=2026-11-21&actor=ada");
    assert_eq!(query.parse(NOW).unwrap().0.from, None);
    assert_eq!(query.filters(), [("actor", "ada"), ("until", "2026-11-21")]);
    assert!(query.with_range("7d").ends_with("?actor=ada&range=7d"));
    assert!(wanted("range=7d").has_range("7d") && !query.has_range("1h"));
    assert_eq!(wanted("range=1y").parse(NOW).unwrap_err()[0].field, Some("range"));
}

#[test]
fn fields_for_times_show_days_to_their_ends() {
    let query = wanted("from=2026-11-20&until=2026-11-20");
    assert_eq!(query.from_field().as_deref(), Some("2026-11-20T00:00"));
    assert_eq!(query.until_field().as_deref(), Some("2026-11-20T23:59"));
    assert_eq!(wanted("from=2026-11-20T14:30Z").from_field().as_deref(), Some("2026-11-20T14:30"));
    assert_eq!(wanted("from=soon").from_field(), None);
    assert_eq!(wanted("").from_field().as_deref(), Some(""));
}

proptest! {
    #[test]
    fn whatever_is_typed_is_read_or_refused_and_comes_back(actor in ".*", account in ".*", from in ".*") {
        let typed = AuditQuery { actor, account, from, ..AuditQuery::default() };
        let _ = typed.parse(NOW);
        let again = wanted(&typed.encoded());
        prop_assert_eq!((again.actor, again.account, again.from), (typed.actor, typed.account, typed.from));
    }
}
