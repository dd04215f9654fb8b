//! Separate Postgres roles: one owns the tables, the other one is the server's.

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use telescope::config::Dsn;

use super::postgres::Cluster;
use super::root;

/// A database whose owner is not a superuser.
pub struct Roles<'a> {
    cluster: &'a Cluster,
    name: String,
}

impl<'a> Roles<'a> {
    /// Creates the two roles and the empty database, all with names that start with this prefix.
    pub async fn new(cluster: &'a Cluster, name: &str) -> Self {
        let roles = Self { cluster, name: name.to_owned() };
        let all_powerful = cluster.dsn("postgres", "postgres");
        for sql in [
            format!("create role {name}_owner login"),
            format!("create role {name}_server login"),
            format!("create database {name} owner {name}_owner"),
        ] {
            run(&all_powerful, &sql).await.unwrap();
        }
        roles
    }

    /// The connection string of the tables' owner.
    pub fn owner(&self) -> String {
        self.cluster.dsn(&format!("{}_owner", self.name), &self.name)
    }

    /// The connection string of the server's role.
    pub fn server(&self) -> String {
        self.cluster.dsn(&format!("{}_server", self.name), &self.name)
    }

    /// Runs `scripts/postgres-server-role.sql` as the owner, for the role of this test.
    pub async fn limit(&self) {
        let script = std::fs::read_to_string(root().join("scripts/postgres-server-role.sql")).unwrap();
        let script = script.replace("telescope_server", &format!("{}_server", self.name));
        run(&self.owner(), &script).await.unwrap();
    }
}

/// Runs SQL as the role in the connection string.
pub async fn run(dsn: &str, sql: &str) -> Result<(), sqlx::Error> {
    let Dsn::Postgres(url) = Dsn::parse(dsn).unwrap() else { panic!("{dsn} is no Postgres") };
    let options: PgConnectOptions = url.expose().parse().unwrap();
    let mut connection: PgConnection = options.connect().await?;
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await;
    connection.close().await?;
    done.map(drop)
}
