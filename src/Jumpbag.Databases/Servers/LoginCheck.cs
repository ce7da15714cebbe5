using Jumpbag.Core;

namespace Jumpbag.Databases.Servers;

/// <summary>Looks whether one gets in, before hours are spent on a dump that then cannot be loaded; and asks for a password that is missing.</summary>
public static class LoginCheck
{
    /// <summary>The account is known, and may not go to that database.</summary>
    private const int OfDatabase = 1044;

    /// <param name="prompt">Asks a person; null where nobody is there.</param>
    /// <returns>The address with the password that was given, if one was wanted.</returns>
    public static ServerAddress Try(ServerAddress address, Func<string, string?> prompt)
    {
        try
        {
            Connect(address);
            return address;
        }
        catch (ServerException e) when (e.IsAccessDenied && e.Code != OfDatabase && address.Password is null)
        {
            if (prompt($"Password for {address}: ") is not { } typed)
                throw;
            address = address with { Password = new(typed) };
        }
        Connect(address);
        return address;
    }

    private static void Connect(ServerAddress address)
    {
        using IDisposable connection = address.Kind == ServerKind.Postgres ? PostgresConnection.Connect(address) : MySqlConnection.Connect(address);
    }
}
