//! Weaknesses that similar programs had, each with the tests that would fail if Telescope had it.
//!
//! The numbers come from a review of such programs. A missing number is covered elsewhere, or its feature does not exist
//! yet.

use super::named_tests::{has_test, place};
use super::read;

/// Number, weakness, tests.
const WEAKNESSES: &[(&str, &str, &[&str])] = &[
    (
        "W1",
        "People who can only view an account are sent its login code.",
        &[
            "stories::messages::a_code_is_shown_for_a_reason_and_appears_nowhere_else",
            "stories::canary::secrets_stay_secret_through_all_flows",
            "web::walk::every_route_responds_as_the_table_says",
        ],
    ),
    (
        "W2",
        "A right that one person has on their own account leaks to every owner until the restart.",
        &[
            "web::rights::what_one_person_sees_does_not_affect_another",
            "domain::access::tests::each_kind_of_person_gets_the_privileges_of_the_rules",
            "rights::model::rights_follow_from_the_rows_only",
        ],
    ),
    (
        "W3",
        "Accounts can be added without a right, even without signing in.",
        &[
            "web::privileges::each_route_requires_exactly_its_privilege",
            "web::walk::every_route_responds_as_the_table_says",
            "web::rights::parameters_can_not_change_the_actor_or_the_owner",
        ],
    ),
    (
        "W4",
        "The browser decides who owns a new account.",
        &["web::rights::parameters_can_not_change_the_actor_or_the_owner"],
    ),
    (
        "W5",
        "A removed account keeps its session, and adding the number again resumes it.",
        &[
            "stories::removal::a_removed_account_leaves_nothing_that_could_resume_it",
            "stories::removal::a_removal_continues_from_each_step",
            "stories::removal::a_removal_waits_for_telegram_and_survives_a_crash",
        ],
    ),
    (
        "W6",
        "A password that can't be decrypted is replaced by its ciphertext: shown, and sent to Telegram.",
        &[
            "stories::stored_password::an_unreadable_password_is_not_submitted",
            "web::revealed_password::a_password_that_can_not_be_decrypted_or_logged_is_not_shown",
            "crypto::tests::every_changed_bit_is_detected",
        ],
    ),
    (
        "W7",
        "Encrypted values can be swapped between rows, and their key can never be changed.",
        &[
            "store::secrets::a_secret_does_not_open_in_another_row",
            "store::secrets::a_key_is_changed_while_secrets_stay_readable",
            "crypto::tests::a_sealed_value_opens_in_no_other_context",
            "crypto::master::tests::weak_keys_are_refused",
        ],
    ),
    (
        "W8",
        "TDLib's files have no encryption key: the folder is the account.",
        &[
            "stories::at_rest::a_session_does_not_open_in_another_folder",
            "ops::accounts::folder::tests::a_folder_opens_again_and_only_for_its_account",
        ],
    ),
    (
        "W9",
        "A signed assertion is accepted from any issuer and with any key, and one without a person causes an exception.",
        &[
            "sso::corpus::tokens_of_other_issuers_are_refused",
            "sso::corpus::the_signature_covers_the_token_and_matches_the_named_key",
            "sso::corpus::service_tokens_are_refused",
            "sso::header::the_header_takes_precedence_over_the_cookie",
            "web::assertions::without_an_assertion_there_is_only_an_explanation",
        ],
    ),
    (
        "W10",
        "All requests wait without a limit while keys are fetched, and new keys are not noticed.",
        &[
            "sso::fetching::a_hanging_provider_does_not_delay_known_keys",
            "sso::fetching::new_keys_are_found_and_old_ones_removed",
            "sso::fetching::a_thousand_invented_key_ids_cause_one_request",
        ],
    ),
    (
        "W11",
        "Pages of the developers' own machine may always read and write.",
        &[
            "web::guards::other_sites_can_link_here_but_read_nothing",
            "web::guards::forms_of_other_sites_are_refused",
        ],
    ),
    (
        "W12",
        "The redirect after sign-in can lead to any site.",
        &[
            "web::return_to::tests::signing_in_leads_to_our_own_pages_only",
            "web::oidc::wrong::signing_in_never_redirects_to_another_site",
        ],
    ),
    (
        "W13",
        "Codes and passwords are in the log.",
        &[
            "stories::canary::secrets_stay_secret_through_all_flows",
            "telegram::host::tests::log_lines_are_redacted",
        ],
    ),
    (
        "W14",
        "There is no record of who viewed a code or changed anything.",
        &[
            "web::rights::every_change_is_logged",
            "stories::messages::a_code_is_stale_after_five_minutes",
            "store::audit::verifying::every_change_is_detected",
            "stories::audit_truncation::a_truncated_log_is_detected_at_the_next_start",
        ],
    ),
    (
        "W15",
        "The password of a database is in the repository, and the image runs as root.",
        &[
            "architecture::repository::no_secrets_are_committed",
            "architecture::repository::the_image_does_not_run_as_root",
        ],
    ),
    (
        "W16",
        "An address in two spellings makes two people; two first visits at once are an error.",
        &[
            "domain::email::tests::spellings_of_an_address_are_equal",
            "web::rights::an_owner_is_recognised_in_any_spelling_of_the_address",
            "store::people::concurrent_first_sign_ins_create_one_user",
        ],
    ),
    (
        "W17",
        "Codes are requested without a limit, and by every restart.",
        &[
            "stories::limits::codes_are_limited_across_restarts",
            "stories::restarts::ten_restarts_request_no_code",
            "stories::together::two_people_request_a_code_at_once",
        ],
    ),
    (
        "W18",
        "An unknown login state ends the program, with every account.",
        &[
            "telegram::login::stage::tests::an_unknown_state_is_shown_by_its_name",
            "stories::trouble::problems_of_an_account_do_not_affect_others",
        ],
    ),
    (
        "W19",
        "A missing row breaks the page that shows it.",
        &["web::accounts::an_account_in_a_missing_group_is_still_shown"],
    ),
    (
        "W20",
        "One account's updates hold up those of all others.",
        &["stories::trouble::problems_of_an_account_do_not_affect_others"],
    ),
    (
        "W21",
        "Some changes are never shown, the others a second late.",
        &[
            "web::live::no_change_is_lost_to_any_of_ten_viewers",
            "stories::thousands::the_page_and_its_changes_are_fast",
            "stories::two_browsers::changes_appear_at_once_for_others",
        ],
    ),
    (
        "W22",
        "Codes lose their leading zeros, are read in English only, and never expire.",
        &[
            "domain::login_code::tests::codes_in_many_languages",
            "domain::login_code::tests::texts_without_a_login_code",
            "stories::messages::a_code_is_stale_after_five_minutes",
        ],
    ),
    (
        "W23",
        "An edited owner or group takes effect only after a restart.",
        &[
            "web::rights::a_change_of_owner_takes_effect_at_once",
            "web::live::permissions_are_checked_before_each_message",
            "web::rights::changes_made_with_sql_take_effect_at_the_next_check",
            "web::crowd::a_large_organisation_has_fast_pages_and_rule_changes",
            "web::audit_log::a_reader_who_loses_the_privilege_gets_no_more_entries",
        ],
    ),
    (
        "W24",
        "A time in minutes is compared with seconds.",
        &[
            "web::sessions::a_session_lasts_while_it_is_used",
            "store::sessions::use_is_stored_once_a_minute",
            "domain::login_code::tests::a_code_is_accepted_for_five_minutes",
            "ops::audit::retention::tests::days_are_whole_and_counted_back_from_today",
            "domain::period::tests::a_day_a_minute_and_a_second",
        ],
    ),
    (
        "W25",
        "After a wrong code people have to disconnect; a wrong stored password is tried again at each start.",
        &[
            "stories::wrong_input::with_javascript",
            "stories::wrong_input::without_javascript",
            "stories::stored_password::a_wrong_password_is_tried_once_and_marked",
        ],
    ),
    (
        "W26",
        "After an unexpected close, disconnecting waits forever.",
        &["stories::endings::each_reason_has_its_own_message"],
    ),
    (
        "W27",
        "Calls wait for an answer without a limit.",
        &["stories::telegram_falters::silence_dropped_connections_and_a_restart"],
    ),
    (
        "W28",
        "A page asks the database once per account and viewer.",
        &[
            "web::guards::pages_work_from_memory_without_the_database",
            "stories::thousands::the_page_and_its_changes_are_fast",
        ],
    ),
    (
        "W29",
        "A malformed request ends the client's connection.",
        &["web::live::an_invalid_request_affects_nothing_else"],
    ),
    (
        "W31",
        "A newer TDLib breaks the program with what it adds or removes.",
        &["telegram::login::stage::tests::an_unknown_state_is_shown_by_its_name"],
    ),
    (
        "W32",
        "An offered way to sign in fails when it is used, the file overrides the environment, a missing setting causes an exception.",
        &[
            "stories::settings::the_environment_takes_precedence_over_the_file",
            "stories::settings::all_missing_settings_are_reported_at_once",
            "config::values::tests::unknown_modes_are_refused_with_the_known_ones",
        ],
    ),
    (
        "W33",
        "The tables are created by hand, an older program opens a newer database, and stopping causes an exception.",
        &[
            "store::opening::a_newer_database_is_refused",
            "store::opening::ten_open_at_once",
            "stories::stopping::ctrl_c_stops_everything_and_sessions_survive",
        ],
    ),
    (
        "W35",
        "Only numbers with eleven digits are accepted, so those of most countries are not.",
        &[
            "domain::phone::tests::numbers_of_every_valid_length_are_accepted",
            "domain::phone::tests::people_type_numbers_in_many_ways",
        ],
    ),
];

#[test]
fn every_weakness_has_tests_that_exist() {
    let mut missing = Vec::new();
    for (number, weakness, tests) in WEAKNESSES {
        assert!(!tests.is_empty() && weakness.ends_with('.'), "{number}");
        for test in *tests {
            let (file, name) = place(test);
            if !has_test(&read(&file), name) {
                missing.push(format!("{number}: {test} is not in {file}"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    let numbers: Vec<u32> = WEAKNESSES.iter().map(|(number, ..)| number[1..].parse().unwrap()).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "each once, in order: {numbers:?}");
}
