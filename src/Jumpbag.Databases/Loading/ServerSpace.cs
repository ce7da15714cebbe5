using System.Globalization;
using System.Text;
using Jumpbag.Core;
using Jumpbag.Databases.Servers;
using Jumpbag.Host;

namespace Jumpbag.Databases.Loading;

/// <summary>Whether a server on this machine has room for what is to be loaded.</summary>
internal static class ServerSpace
{
    /// <param name="bytes">Of rows in the dump. A table takes about as much with its indexes, seldom less.</param>
    /// <exception cref="UnsupportedException">There is less room than that; nothing was changed.</exception>
    public static void Check(MySqlConnection connection, long bytes) => Check(connection.Address, () => connection.Query("SELECT @@datadir").Rows[0][0], bytes);

    /// <param name="dataFolder">Asks the server where its files lie; null where it doesn't say.</param>
    public static void Check(ServerAddress address, Func<byte[]?> dataFolder, long bytes)
    {
        if (bytes <= 0 || (address.Socket is null && address.Host is not ("localhost" or "127.0.0.1" or "::1")))
            return;
        // A server in a container may name a folder that is another one here; then there is nothing to be known.
        if (dataFolder() is not { } folder || FolderSpace(folder) is not { } space || space.Available >= bytes)
            return;
        throw new UnsupportedException(string.Create(CultureInfo.InvariantCulture,
            $"{Encoding.UTF8.GetString(folder)} has {ByteSize.Format(space.Available)} left, and the dump has {ByteSize.Format(bytes)} of rows"),
            "make room first; nothing was changed");
    }

    private static VolumeSpace? FolderSpace(byte[] folder)
    {
        if (DirectoryHandle.Open(new ByteString(folder), out DirectoryHandle? handle) != Errno.None)
            return null;
        using (handle)
            return handle!.Space();
    }
}
