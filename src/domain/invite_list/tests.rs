use proptest::prelude::*;

use super::*;

/// Owner, phone, groups, comment and number of each line.
fn values(text: &str) -> Vec<(String, String, String, String, usize)> {
    let lines = read(text).unwrap();
    lines.into_iter().map(|it| (it.owner, it.phone, it.groups, it.comment, it.number)).collect()
}

fn line(
    owner: &str,
    phone: &str,
    groups: &str,
    comment: &str,
    number: usize,
) -> (String, String, String, String, usize) {
    (owner.into(), phone.into(), groups.into(), comment.into(), number)
}

#[test]
fn columns_come_in_any_order_and_case_and_with_any_separator() {
    let expected = vec![line("ada@example.org", "+9996620001", "Sales|Desk", "Desk 7", 2)];
    for text in [
        "phone,owner,groups,comment\n+9996620001,ada@example.org,Sales|Desk,Desk 7",
        "Owner;PHONE;Comment;Groups\r\nada@example.org;+9996620001;Desk 7;Sales|Desk\r\n",
        "\u{feff}\"owner\"\t\"phone\"\t\"groups\"\t\"comment\"\nada@example.org\t+9996620001\tSales|Desk\tDesk 7\n",
        "phone, owner , groups,comment\r +9996620001 , ada@example.org,\"Sales|Desk\",\"Desk 7\"\r",
        "phone,owner,groups,comment,,\n+9996620001,ada@example.org,Sales|Desk,Desk 7,,\n,,,,,\n   \n",
    ] {
        assert_eq!(values(text), expected, "{text:?}");
    }
    // With one column there is no separator.
    assert_eq!(values("owner\nada@example.org"), [line("ada@example.org", "", "", "", 2)]);
    assert_eq!(values("owner,phone\nada@example.org"), [line("ada@example.org", "", "", "", 2)]);
}

#[test]
fn quoted_values_have_separators_line_ends_and_quotation_marks() {
    let text = "owner,comment,phone\r\n\r\nada@example.org,\"Desk 7, \"\"by the\r\nwindow\"\"\",1\r\n\n\nbob@example.org,x,2\n";
    assert_eq!(
        values(text),
        [
            line("ada@example.org", "1", "", "Desk 7, \"by the\nwindow\"", 3),
            line("bob@example.org", "2", "", "x", 7),
        ]
    );
    let groups = read("owner;groups\na@b.c;\" Sales | Front desk ||\"").unwrap();
    assert_eq!(groups[0].group_names().collect::<Vec<_>>(), ["Sales", "Front desk"]);
}

#[test]
fn what_is_no_list_is_refused() {
    let unknown = |name: &str| ListFault::UnknownColumn { name: name.into() };
    let many = format!("owner\n{}", "ada@example.org\n".repeat(MAX_LINES + 1));
    let large = format!("owner\n{}", "a".repeat(MAX_BYTES));
    for (text, fault) in [
        ("", ListFault::Empty),
        (" \r\n\t\n", ListFault::Empty),
        ("owner,phone\n", ListFault::Empty),
        ("ada@example.org,1", unknown("ada@example.org")),
        ("owner,e-mail\nada@example.org,1", unknown("e-mail")),
        ("owner,,phone\nada@example.org,,1", unknown("")),
        ("owner;phone;Owner\nada@example.org;1;2", ListFault::DuplicateColumn { name: "owner".into() }),
        ("phone,comment\n1,2", ListFault::NoOwnerColumn),
        (
            "owner,comment\nada@example.org,x\nbob@example.org,\"y\neve@example.org,z\n",
            ListFault::Quotes { line: 3 },
        ),
        (&many, ListFault::TooManyLines),
        (&large, ListFault::TooLarge),
    ] {
        assert_eq!(read(text).map(|_| ()), Err(fault), "{:?}", text.chars().take(60).collect::<String>());
    }
    let many = many.replacen("ada@example.org\n", "", 1);
    assert_eq!(read(&many).unwrap().len(), MAX_LINES);
    let extra = read("owner,phone\nada@example.org,1,Sales,x\n").unwrap();
    assert_eq!(extra[0].fault, Some(ListFault::TooManyValues { values: 4, columns: 2 }));
}

#[test]
fn other_encodings_are_named() {
    assert_eq!(decode("\u{feff}owner\r\nå".as_bytes()).as_deref(), Ok("owner\nå"));
    let utf16: Vec<u8> = "owner".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [&[0xff, 0xfe], utf16.as_slice()].concat();
    for bytes in [utf16, marked, vec![0xfe, 0xff, 0, b'o']] {
        assert_eq!(decode(&bytes), Err(ListFault::Encoding { utf16: true }), "{bytes:?}");
    }
    assert_eq!(decode(b"owner,comment\nada@example.org,\xe5"), Err(ListFault::Encoding { utf16: false }));
    assert_eq!(decode(&vec![b'a'; MAX_BYTES + 1]), Err(ListFault::TooLarge));
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('"', "\"\""))
}

proptest! {
    /// Any values that are written as RFC 4180 says come back, with the numbers of their lines.
    #[test]
    fn any_values_come_back(
        rows in prop::collection::vec(("[a-z]{1,8}@[a-z]{1,8}", "([ ,;\t\"|\n]|\\PC){0,12}", "[0-9 +]{0,9}"), 1..12),
        separator in prop::sample::select(vec![',', ';', '\t']),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        empty in 0..3_usize,
    ) {
        let mut text = format!("comment{separator}owner{separator}phone{end}");
        let mut expected = Vec::new();
        for (owner, comment, phone) in &rows {
            text.push_str(&end.repeat(empty));
            let number = normalised(&text).matches('\n').count() + 1;
            expected.push(line(owner, phone.trim(), "", comment.trim(), number));
            text.push_str(&[quoted(comment), quoted(owner), quoted(phone)].join(&separator.to_string()));
            text.push_str(end);
        }
        prop_assert_eq!(values(&text), expected);
    }

    /// Whatever is pasted or uploaded, nothing breaks.
    #[test]
    fn any_text_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400), text in "(owner|phone|[,;\t\n\r\" ]|\\PC){0,60}") {
        let _ = decode(&bytes).map(|text| read(&text));
        if let Ok(lines) = read(&text) {
            prop_assert!(!lines.is_empty());
            let ends = normalised(&text).matches('\n').count();
            prop_assert!(lines.iter().all(|line| line.number >= 1 && line.number <= ends + 1));
            prop_assert!(lines.windows(2).all(|two| two[0].number < two[1].number));
        }
    }
}
