using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Dumps.Scanning;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading;

/// <summary>Whether rows of a table can be committed together with what is noted of them: of InnoDB's they can.</summary>
internal static class TableEngine
{
    /// <summary>Of a table that is on the server.</summary>
    public static bool IsTransactional(MySqlConnection connection, ObjectName name) =>
        connection.Query($"SELECT ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = {Sql.NameLiteral(name.Qualifier ?? default)} AND TABLE_NAME = {Sql.NameLiteral(name.Name)}").Scalar == "InnoDB";

    /// <summary>Of one that a CREATE TABLE makes.</summary>
    public static bool IsTransactional(MySqlConnection connection, ReadOnlySpan<byte> sql, SessionState state)
    {
        List<StatementToken> tokens = StatementTokens.Read(sql, state.Lexer());
        for (int i = 0; i + 2 < tokens.Count; i++)
            if ((tokens[i].Is(sql, "ENGINE") || tokens[i].Is(sql, "TYPE")) && tokens[i + 1].Is(sql, '='))
                return tokens[i + 2].Is(sql, "InnoDB");
        return connection.Query("SELECT @@default_storage_engine").Scalar == "InnoDB";
    }
}
