//! Proxies and for which accounts they are selected, with the addresses of their host names and the results of their last
//! tests.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use crate::domain::proxy::{KnownProxy, ProxyPlan, ProxyTestFault};
use crate::domain::{Millis, ProxyId};

/// The last test of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyTest {
    pub at: Millis,
    /// How long Telegram took to answer.
    pub result: Result<Duration, ProxyTestFault>,
}

#[derive(Debug, Default)]
pub struct Proxies {
    plan: ArcSwap<ProxyPlan>,
    /// With the versions of the proxies that they belong to.
    addresses: Mutex<HashMap<ProxyId, (i64, SocketAddr)>>,
    tests: Mutex<HashMap<ProxyId, ProxyTest>>,
    /// One reads the database at a time, so what is in force never goes back.
    pub reading: tokio::sync::Mutex<()>,
}

impl Proxies {
    pub fn plan(&self) -> Arc<ProxyPlan> {
        self.plan.load_full()
    }

    pub fn put(&self, plan: Arc<ProxyPlan>, known: HashMap<ProxyId, (i64, SocketAddr)>) {
        let mut addresses = self.addresses.lock();
        let before = self.plan.load_full();
        let version = |plan: &ProxyPlan, id| plan.get(id).map(|proxy| proxy.version);
        let mut tests = self.tests.lock();
        // What a test has found is not about what was changed since.
        tests.retain(|id, _| version(&plan, *id) == version(&before, *id));
        *addresses = known;
        self.plan.store(plan);
    }

    /// Replaces the addresses, unless the plan is another one by now. Returns whether it is not.
    pub fn put_addresses(&self, plan: &Arc<ProxyPlan>, found: HashMap<ProxyId, (i64, SocketAddr)>) -> bool {
        let mut addresses = self.addresses.lock();
        let is_current = Arc::ptr_eq(&self.plan.load_full(), plan);
        if is_current {
            *addresses = found;
        }
        is_current
    }

    /// Where a proxy is; none if its host name has no address, or if it was changed meanwhile.
    pub fn address(&self, proxy: &KnownProxy) -> Option<SocketAddr> {
        let found = self.addresses.lock().get(&proxy.id).copied();
        found.filter(|(version, _)| *version == proxy.version).map(|(_, address)| address)
    }

    pub fn test(&self, id: ProxyId) -> Option<ProxyTest> {
        self.tests.lock().get(&id).copied()
    }

    /// Keeps the result of a test, unless the proxy was changed or removed meanwhile.
    pub fn put_test(&self, proxy: &KnownProxy, test: ProxyTest) {
        let mut tests = self.tests.lock();
        if self.plan.load().get(proxy.id).is_some_and(|now| now.version == proxy.version) {
            tests.insert(proxy.id, test);
        }
    }
}
