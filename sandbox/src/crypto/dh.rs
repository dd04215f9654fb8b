//! The group for key exchange and passwords: Telegram's 2048-bit safe prime with generator 3.
//!
//! Clients have this prime compiled in and accept it without a primality test, which keeps handshakes fast.

use std::sync::LazyLock;

use num_bigint::BigUint;

use super::random;
use super::rsa::padded;

pub const G: i32 = 3;

const PRIME: &str = "c71caeb9c6b1c9048e6c522f70f13f73980d40238e3e21c14934d037563d930f48198a0aa7c14058229493d22530f4db\
    fa336f6e0ac925139543aed44cce7c3720fd51f69458705ac68cd4fe6b6b13abdc9746512969328454f18faf8c595f64\
    2477fe96bb2a941d5bcd1d4ac8cc49880708fa9b378e3c4f3a9060bee67cf9a4a4a695811051907e162753b56b0f6b41\
    0dba74d8a84b2a14b3144e0ef1284754fd17ed950d5965b4b9dd46582db1178d169c6bc465b0d6ff9ca3928fef5b9ae4\
    e418fc15e83ebea0f87fa9ff5eed70050ded2849f47bf959d956850ce929851f0d8115f635b105ee2e4e15d04b2454bf\
    6f4fadf034b10403119cd8e3b92fcc5b";

static PRIME_NUMBER: LazyLock<BigUint> =
    LazyLock::new(|| BigUint::parse_bytes(PRIME.as_bytes(), 16).unwrap_or_default());

pub fn prime() -> &'static BigUint {
    &PRIME_NUMBER
}

pub fn prime_bytes() -> [u8; 256] {
    bytes(prime())
}

/// A number below the prime as 256 bytes.
pub fn bytes(number: &BigUint) -> [u8; 256] {
    padded(number).unwrap_or([0; 256])
}

pub fn exponent() -> BigUint {
    BigUint::from_bytes_be(&random::<256>())
}

/// The generator to this power.
pub fn power(exponent: &BigUint) -> BigUint {
    BigUint::from(G.unsigned_abs()).modpow(exponent, prime())
}

/// Reads the other side's public value. Values near either end of the group are rejected as insecure.
pub fn public(bytes: &[u8]) -> Option<BigUint> {
    let number = BigUint::from_bytes_be(bytes);
    let margin = BigUint::from(1u32) << (2048 - 64);
    (number >= margin && number <= prime() - margin).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_get_the_same_secret() {
        assert_eq!(prime().bits(), 2048);
        let (a, b) = (exponent(), exponent());
        assert_eq!(power(&a).modpow(&b, prime()), power(&b).modpow(&a, prime()));
        assert_eq!(public(&bytes(&power(&a))), Some(power(&a)));
    }

    #[test]
    fn trivial_powers_are_refused() {
        for trick in
            [vec![], vec![1], bytes(prime()).to_vec(), bytes(&(prime() - 1u32)).to_vec(), vec![255; 300]]
        {
            assert_eq!(public(&trick), None);
        }
    }
}
