//! Sealing and opening texts beside bare AES-GCM over the same bytes.

use std::hint::black_box;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kms::{
    content_key::ContentKey,
    seal::{open, seal},
};
use protocol::{
    ids::{KeyUrl, MeetingId, OrganizationId},
    sealed::SealedPlace,
};
use uuid::Uuid;
use world::{World, tls::Trust};

use crate::{cpu, site};

/// A name, a title with a link, an agenda, the longest.
const SIZES: [usize; 4] = [24, 256, 4096, 32 * 1024];
/// Processor time of one measurement; the kernel counts it in hundredths.
const LASTS_SECONDS: f64 = 1.0;
const KEY: [u8; 32] = [7; 32];

pub(crate) fn run() {
    let world = World::system(&Trust::default()).expect("a world");
    let key = ContentKey::new(KeyUrl::new("keys.example.com", Uuid::from_u128(1)), KEY);
    let organization = OrganizationId("bench".into());
    let meeting = MeetingId("ZQMu7gv3alz3GmwgNNGzDQ".into());
    let place = SealedPlace {
        organization: &organization,
        user: site::user(0),
        meeting: &meeting,
        field: "encryptedNotes",
        revision: 1_767_225_600_000,
        schema: 1,
    };
    let bare = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &KEY).expect("a key"));
    println!("\n== sealed texts, thousands per second and core");
    println!(
        "{:>8}{:>10}{:>10}{:>10}{:>10}  of bare: seal, open",
        "bytes", "seal", "open", "bare", "base64"
    );
    for size in SIZES {
        let text = "x".repeat(size);
        let sealed = seal(&key, &place, &text, &world.chance).expect("sealed");
        let seals = per_second(|| seal(&key, &place, &text, &world.chance).expect("sealed"));
        let opens = per_second(|| open(&key, &place, &sealed).expect("opened"));
        let mut bytes = text.clone().into_bytes();
        let aad = [0; 120];
        let bares = per_second(|| {
            let mut nonce = [0; NONCE_LEN];
            world.chance.fill(&mut nonce);
            let nonce = Nonce::assume_unique_for_key(nonce);
            bare.seal_in_place_separate_tag(nonce, Aad::from(&aad), &mut bytes).expect("sealed")
        });
        let encodes = per_second(|| URL_SAFE_NO_PAD.encode(&bytes));
        let thousands = [seals, opens, bares, encodes].map(|it| format!("{:>10.0}", it / 1000.0));
        println!("{size:>8}{}  {:.2}, {:.2}", thousands.concat(), seals / bares, opens / bares);
    }
}

/// Of this process alone, so that it does not matter what else the computer does.
fn per_second<T>(mut act: impl FnMut() -> T) -> f64 {
    let used = || cpu::of_process(std::process::id());
    let (start, mut times) = (used(), 0_u32);
    loop {
        for _ in 0..256 {
            black_box(act());
        }
        times += 256;
        let seconds = used() - start;
        if seconds >= LASTS_SECONDS {
            return f64::from(times) / seconds;
        }
    }
}
