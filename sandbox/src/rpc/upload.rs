//! `upload.*`: the only files are the small profile pictures.

use grammers_tl_types::functions::upload;
use grammers_tl_types::{enums, types};

use super::{Access, Call, Methods};
use crate::backend::{Phone, Picture};
use crate::error::RpcError;

pub(super) fn add(methods: &mut Methods) {
    methods.add(Access::SignedIn, get_file);
}

/// Telegram's limit for a part.
const MAX_PART: i32 = 1024 * 1024;

/// A part of a profile picture. A picture that was replaced can't be downloaded any more.
fn get_file(call: &mut Call<'_>, request: upload::GetFile) -> Result<enums::upload::File, RpcError> {
    let enums::InputFileLocation::InputPeerPhotoFileLocation(location) = &request.location else {
        return Err(RpcError::bad("LOCATION_INVALID"));
    };
    let picture = owner(call, &location.peer)?.picture.as_ref();
    let picture = picture.filter(|picture| picture.id == location.photo_id && !location.big);
    let picture = picture.ok_or_else(|| RpcError::bad("LOCATION_INVALID"))?;
    let start = usize::try_from(request.offset).map_err(|_| RpcError::bad("OFFSET_INVALID"))?;
    if !(1..=MAX_PART).contains(&request.limit) {
        return Err(RpcError::bad("LIMIT_INVALID"));
    }
    let limit = usize::try_from(request.limit).unwrap_or_default();
    Ok(enums::upload::File::File(types::upload::File {
        r#type: kind(picture),
        mtime: 0,
        bytes: picture.bytes.iter().skip(start).take(limit).copied().collect(),
    }))
}

fn owner<'a>(call: &'a Call<'_>, peer: &enums::InputPeer) -> Result<&'a Phone, RpcError> {
    let (_, me) = call.me()?;
    let invalid = || RpcError::bad("PEER_ID_INVALID");
    match peer {
        enums::InputPeer::PeerSelf => Ok(me),
        enums::InputPeer::User(user) if user.user_id == me.user_id => Ok(me),
        enums::InputPeer::User(user) => {
            let found = call.backend.user(user.user_id).map(|(_, phone)| phone);
            found.filter(|phone| phone.access_hash == user.access_hash).ok_or_else(invalid)
        }
        _ => Err(invalid()),
    }
}

fn kind(picture: &Picture) -> enums::storage::FileType {
    match picture.bytes.as_slice() {
        [0xff, 0xd8, 0xff, ..] => enums::storage::FileType::FileJpeg,
        [0x89, b'P', b'N', b'G', ..] => enums::storage::FileType::FilePng,
        _ => enums::storage::FileType::FileUnknown,
    }
}
