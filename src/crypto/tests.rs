//! A sealed value opens only with its key, in its context, and unmodified.

use strum::IntoEnumIterator;

use super::*;

fn master(text: &str) -> MasterKey {
    MasterKey::parse(text).unwrap()
}

fn keys() -> Keys {
    Keys::new(&master("correct horse battery staple 123"), None)
}

const PLACE: SealContext<'static> =
    SealContext { purpose: Purpose::TwoStepPassword, row: "account-1", version: 1 };

#[test]
fn a_sealed_value_opens_in_its_context() {
    let keys = keys();
    for text in ["", "hunter2", "пароль \u{1f600}", &"x".repeat(10_000)] {
        let secret = Secret::new(text);
        let sealed = keys.seal(&PLACE, &secret).unwrap();
        let read: Sealed = sealed.to_string().parse().unwrap();
        assert_eq!(keys.open(&PLACE, &read).unwrap(), secret);
        assert!(text.is_empty() || !sealed.to_string().contains(text));
        assert_ne!(keys.seal(&PLACE, &secret).unwrap(), sealed, "the nonce is new each time");
    }
}

#[test]
fn a_sealed_value_opens_in_no_other_context() {
    let keys = keys();
    let sealed = keys.seal(&PLACE, &Secret::new("hunter2")).unwrap();
    let elsewhere = [
        SealContext { row: "account-2", ..PLACE },
        SealContext { row: "", ..PLACE },
        SealContext { version: 2, ..PLACE },
        SealContext { version: -1, ..PLACE },
        SealContext { purpose: Purpose::FolderKey, ..PLACE },
        SealContext { purpose: Purpose::KeyCheck, ..PLACE },
    ];
    for place in elsewhere {
        assert_eq!(keys.open(&place, &sealed), Err(KeyError::Damaged), "{place:?}");
    }
}

#[test]
fn values_of_the_old_key_open_during_a_key_change() {
    let (one, two) = (master("correct horse battery staple 123"), master("a horse of quite another colour!"));
    let old = Keys::new(&one, None);
    let sealed = old.seal(&PLACE, &Secret::new("hunter2")).unwrap();

    let changing = Keys::new(&two, Some(&one));
    assert_eq!(changing.open(&PLACE, &sealed).unwrap().expose(), "hunter2");
    let resealed = changing.seal(&PLACE, &Secret::new("hunter2")).unwrap();
    assert_eq!(resealed.key_id(), changing.id());
    assert_eq!(changing.old_id(), Some(old.id()));

    let changed = Keys::new(&two, None);
    assert_eq!(changed.open(&PLACE, &resealed).unwrap().expose(), "hunter2");
    assert_eq!(changed.open(&PLACE, &sealed), Err(KeyError::UnknownKey(old.id().to_owned())));
}

#[test]
fn a_value_with_another_key_id_does_not_open() {
    let (one, two) = (master("correct horse battery staple 123"), master("a horse of quite another colour!"));
    let both = Keys::new(&two, Some(&one));
    let sealed = both.seal(&PLACE, &Secret::new("hunter2")).unwrap().to_string();
    let renamed: Sealed = sealed.replace(both.id(), both.old_id().unwrap()).parse().unwrap();
    assert_eq!(both.open(&PLACE, &renamed), Err(KeyError::Damaged));
}

#[test]
fn every_changed_bit_is_detected() {
    let keys = keys();
    let sealed = keys.seal(&PLACE, &Secret::new("hunter2")).unwrap().to_string();
    for at in 0..sealed.len() {
        for bit in 0..7 {
            let mut bytes = sealed.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let changed = String::from_utf8(bytes).unwrap();
            let opened = changed.parse::<Sealed>().and_then(|sealed| keys.open(&PLACE, &sealed));
            assert!(opened.is_err(), "{changed}");
        }
    }
    for length in 0..sealed.len() {
        assert!(sealed[..length].parse::<Sealed>().and_then(|sealed| keys.open(&PLACE, &sealed)).is_err());
    }
}

#[test]
fn any_text_is_refused_or_parsed_and_printed_unchanged() {
    let keys = keys();
    let alphabet: Vec<char> = "v1.0af9_-AZ=+/é \0\n".chars().collect();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % below as u64).unwrap()
    };
    let mut read = 0;
    for round in 0..20_000 {
        let mut text: String = (0..next(80)).map(|_| alphabet[next(alphabet.len())]).collect();
        if round % 2 == 0 {
            text =
                format!("v1.{}.{}", keys.id(), text.replace(['.', '=', '+', '/', 'é', ' ', '\0', '\n'], "x"));
        }
        if let Ok(sealed) = text.parse::<Sealed>() {
            read += 1;
            assert_eq!(sealed.to_string(), text);
            assert!(keys.open(&PLACE, &sealed).is_err(), "{text}");
        }
    }
    assert!(read > 500, "only {read} of the texts had the form");
}

#[test]
fn each_purpose_has_its_own_key_and_name() {
    let keys = keys();
    let parts: &[&[u8]] = &[b"a", b"b"];
    assert_ne!(keys.audit_mac(&[b"ab", b""]), keys.audit_mac(parts));
    assert_eq!(keys.audit_mac_by(keys.id(), parts), Some(keys.audit_mac(parts)));
    assert_eq!(keys.audit_mac_by("00000000", parts), None);
    let names: Vec<&str> = Purpose::iter().map(Purpose::name).collect();
    assert_eq!(
        names,
        [
            "two_step_password",
            "bot_token",
            "folder_key",
            "folder_phone",
            "pending_sign_ins",
            "id_token",
            "key_check",
            "web_session",
            "profile_picture",
            "invite_line",
            "device_list",
            "two_step_before",
            "two_step_after",
            "proxy",
            "job_line"
        ]
    );
}

/// Values made by an independent implementation of HKDF-SHA256 and AES-256-GCM; later versions must open them.
#[test]
fn the_format_is_stable() {
    let keys = keys();
    assert_eq!(keys.id(), "7a31bac8");
    let sealed: Sealed = "v1.7a31bac8.AAECAwQFBgcICQoLgDVV0kIl7K-anZDDguuraRYwaQMzsbI".parse().unwrap();
    assert_eq!(keys.open(&PLACE, &sealed).unwrap().expose(), "hunter2");
    assert_eq!(
        hex::encode(keys.audit_mac(&[b"a", b"bc"]).unwrap()),
        "c77f1cc0fa73a96430464b8a69a3877ead616d0a27df37c2b39a85328727aa21"
    );
}

#[test]
fn keys_do_not_print() {
    let printed = format!("{:?} {:?}", keys(), keys().seal(&PLACE, &Secret::new("hunter2")).unwrap());
    assert_eq!(printed, format!("Keys({0}, None) Sealed({0})", keys().id()));
}

#[test]
fn folder_keys_are_new_each_time() {
    let (one, two) = (new_folder_key().unwrap(), new_folder_key().unwrap());
    assert_ne!(one, two);
    assert_eq!(one.expose().len(), 44);
}
