//! Access rules on the command line: explained, exported, reviewed and imported, with and without a running server.

use std::path::Path;

use telescope::domain::Phone;

use crate::support::login::STEP;
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

const ADMIN: &str = "admin@example.org";
const ADA: &str = "ada@example.org";

/// Runs `telescope access`; returns whether it succeeded, and its output.
async fn access(stack: &Stack, words: &[&str]) -> (bool, String) {
    stack.runs("access", words).await
}

async fn import(stack: &Stack, file: &Path, text: &str, yes: bool) -> (bool, String) {
    std::fs::write(file, text).unwrap();
    let file = file.display().to_string();
    let words = ["import", file.as_str(), "--yes"];
    access(stack, if yes { &words } else { &words[..2] }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_explained_exported_and_imported() {
    let mut stack = Stack::start().await;
    let root = Visitor::sign_in(&stack, ADMIN).await;
    let phone = Phone::test(2, 41);
    let added = root.post("/accounts/add", &[("phone", phone.to_string().as_str())]).await;
    assert_eq!(added.status().as_u16(), 303);
    let ada = Visitor::sign_in(&stack, ADA).await;
    let sees =
        async |ada: &Visitor| ada.get("/accounts").await.text().await.unwrap().contains(&phone.to_string());
    let digits = phone.to_string();
    let (done, said) = access(&stack, &["check", ADA, &digits]).await;
    assert!(done && said.contains("no   view: not granted"), "{said}");

    let file = stack.data("rules.toml");
    let text = format!(
        "[[group]]\nname = \"Sales\"\naccounts = [\"{phone}\"]\n\n[[role]]\nname = \"Desk\"\nsystem = [\"add_account\"]\n\
         people = [\"{ADA}\"]\n[role.groups]\nSales = [\"view\", \"login\"]\n"
    );
    let (done, said) = import(&stack, &file, &text, false).await;
    assert!(
        done && said.contains("Dry run. Re-run with --yes to apply") && said.contains("create role \"Desk\""),
        "{said}"
    );
    assert!(!sees(&ada).await, "a dry run changes nothing");
    let socket = stack.data("telescope.sock");
    until_true("the server listens", STEP, async || socket.exists()).await;
    let (done, said) = import(&stack, &file, &text, true).await;
    assert!(done && said.starts_with("Applied:"), "{said}");
    assert!(sees(&ada).await, "applied in the running server at once");

    let (done, said) = access(&stack, &["check", ADA, &digits]).await;
    for line in [
        "has roles: Desk",
        "in groups: Sales",
        "yes  login: role “Desk” in the group “Sales”",
        "no   remove_account: not granted",
        "yes  add_account: role “Desk”",
    ] {
        assert!(done && said.contains(line), "{line}: {said}");
    }
    let (done, exported) = access(&stack, &["export"]).await;
    assert!(done && exported.contains("name = \"Desk\"") && exported.contains(ADA), "{exported}");
    let (done, said) = import(&stack, &file, &exported, true).await;
    assert_eq!((done, said.as_str()), (true, "No changes: the rules are already as the file says."));

    // Requiring approvals is a rule like the others: adding and removing it is shown.
    let guarded = exported.replace("name = \"Sales\"\n", "name = \"Sales\"\nneeds_approval = true\n");
    let (done, said) = import(&stack, &file, &guarded, true).await;
    assert!(done && said.contains("require approval for accounts in \"Sales\""), "{said}");
    assert_eq!(access(&stack, &["export"]).await.1, guarded.trim_end());
    let renamed = guarded.replace("Sales", "Trade").replace("needs_approval = true\n", "");
    let (done, said) = import(&stack, &file, &renamed, false).await;
    assert!(done && said.contains("delete group \"Sales\", which requires approval"), "{said}");
    let (done, said) = import(&stack, &file, &exported, true).await;
    assert!(done && said.contains("stop requiring approval for accounts in \"Sales\""), "{said}");

    // So is requiring identity confirmation.
    let confirmed = exported.replace("name = \"Sales\"\n", "name = \"Sales\"\nconfirm_identity = true\n");
    let (done, said) = import(&stack, &file, &confirmed, true).await;
    assert!(done && said.contains("require identity confirmation for accounts in \"Sales\""), "{said}");
    assert_eq!(access(&stack, &["export"]).await.1, confirmed.trim_end());
    let (done, said) = import(&stack, &file, &exported, true).await;
    assert!(
        done && said.contains("stop requiring identity confirmation for accounts in \"Sales\""),
        "{said}"
    );

    // Errors are reported, and nothing is changed.
    let fly = exported.replace("\"login\"", "\"fly\"");
    let nobody = exported.replace(&digits, "+9996629999");
    let blind = exported.replace("\"view\", ", "");
    for (text, words) in [
        ("[[role]]\nnam = 1\n", "unknown field"),
        (fly.as_str(), "no permission \"fly\""),
        (nobody.as_str(), "no account +9996629999"),
        (blind.as_str(), "need “View”"),
        ("[[role]]\nname = \"A\"\n[[role]]\nname = \"a\"\n", "twice"),
    ] {
        let (done, said) = import(&stack, &file, text, true).await;
        assert!(!done && said.contains(words), "{words}: {said}");
    }
    assert_eq!(access(&stack, &["export"]).await, (true, exported.clone()));
    for words in [["check", "nobody@example.org", digits.as_str()], ["check", ADA, "+9996629999"]] {
        assert!(!access(&stack, &words).await.0, "{words:?}");
    }

    // What the file does not name is removed, and recorded like changes made on pages.
    let (done, said) = import(&stack, &file, "", true).await;
    assert!(done && said.contains("delete role \"Desk\""), "{said}");
    assert!(!sees(&ada).await);
    let trail = root.get("/audit").await.text().await.unwrap();
    for code in ["role.added", "role.given", "role.group.privileges", "group.account.joined", "role.deleted"]
    {
        assert!(trail.contains(&format!(">{code}<")), "{code}");
    }

    // Without a server the command makes the change itself.
    assert!(stack.stop().await.success());
    let (done, said) = import(&stack, &file, &exported, true).await;
    assert!(done, "{said}");
    stack.start_again().await;
    assert!(sees(&Visitor::sign_in(&stack, ADA).await).await);
}
