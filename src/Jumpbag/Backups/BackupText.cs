using System.Globalization;
using Jumpbag.Backup.Archiving;
using Jumpbag.Core;

namespace Jumpbag.Backups;

/// <summary>What a backup saved, in a line.</summary>
internal static class BackupText
{
    public static string Summary(BackupResult result)
    {
        string unchanged = result.Unchanged > 0 ? $" ({Counted(result.Unchanged)} unchanged)" : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"snapshot {result.Snapshot.Id.Short}: {Counted(result.Files)} files{unchanged}, {Counted(result.Folders)} folders, {ByteSize.Format(result.Bytes)}; new {ByteSize.Format(result.NewBytes)}, stored in {ByteSize.Format(result.StoredBytes)}; {result.Elapsed.TotalSeconds:0.0} s")
            + (result.NotSaved > 0 ? $"; {Counted(result.NotSaved)} not saved" : "");
    }

    private static string Counted(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);
}
