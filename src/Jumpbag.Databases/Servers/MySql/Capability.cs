namespace Jumpbag.Databases.Servers.MySql;

/// <summary>What both sides can do; the upper 32 bits are MariaDB's own.</summary>
/// <remarks>https://mariadb.com/kb/en/connection/#capabilities</remarks>
[Flags]
internal enum Capability : ulong
{
    /// <summary>Also the mark of a server that is not MariaDB, and then without the upper 32 bits.</summary>
    MySql = 1,
    LongFlag = 1 << 2,
    ConnectWithDatabase = 1 << 3,
    Protocol41 = 1 << 9,
    Tls = 1 << 11,
    Transactions = 1 << 13,
    SecureConnection = 1 << 15,
    MultiStatements = 1 << 16,
    MultiResults = 1 << 17,
    PluginAuthentication = 1 << 19,
    ConnectAttributes = 1 << 20,
    LongAuthentication = 1 << 21,
    Progress = 1UL << 32,
}
