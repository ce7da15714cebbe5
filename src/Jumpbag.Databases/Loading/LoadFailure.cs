using Jumpbag.Core;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Servers;

namespace Jumpbag.Databases.Loading;

/// <summary>Says of a statement that the server refused where in the dump it stands, and how to go on.</summary>
public static class LoadFailure
{
    public static FailedException Of(DumpStatement statement, ServerException cause) =>
        new(LoadReport.Describe(statement, cause.Message), cause.Hint ?? Hint(cause), cause);

    private static string Hint(ServerException cause) =>
        cause.IsTooLarge ? "raise the server's max_allowed_packet, then go on with --resume"
        : cause.Code == 1273 ? "MySQL 8 and MariaDB name collations differently: put one of this server's (SHOW COLLATION) in the dump's definitions, then begin anew with --replace"
        : cause.Code is 1114 or 1021 or 28 ? "make room on the server, then go on with --resume"
        : cause.Code is 1227 or 1142 or 1370 ? "this account lacks a privilege; --definer drop leaves out the definers, --resume goes on"
        : "correct the cause and go on with --resume, or pass over such statements with --on-error skip";
}
