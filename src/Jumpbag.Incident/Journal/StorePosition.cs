using System.Globalization;
using System.Text;
using Jumpbag.Host;

namespace Jumpbag.Incident.Journal;

/// <summary>
/// How far a journal's file is a copy of what the store has: "NUMBER HEAD BYTES AWAY-UNTIL", in ID.synced beside it. It only saves comparing
/// all lines, so it may be lost or stale.
/// </summary>
/// <param name="Number">The last line of the store that is in the file.</param>
/// <param name="Head">Its hash.</param>
/// <param name="Bytes">The file up to here holds nothing that the store has not.</param>
/// <param name="AwayUntil">Until then the store isn't asked: it kept someone waiting, and there may be many commands.</param>
internal sealed record StorePosition(long Number, string Head, long Bytes, DateTimeOffset AwayUntil)
{
    public static StorePosition None { get; } = new(0, EntryLine.Genesis, 0, DateTimeOffset.UnixEpoch);

    public static StorePosition Of(string journal)
    {
        try
        {
            string file = FileOf(journal);
            string[] words = File.Exists(file) ? File.ReadAllText(file).Split(' ') : [];
            if (words.Length == 4 && Long(words[0]) is { } number && Long(words[2]) is { } bytes && Long(words[3]) is { } away && words[1].Length == EntryLine.Genesis.Length)
                return new(number, words[1], bytes, DateTimeOffset.FromUnixTimeMilliseconds(Math.Min(away, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // All lines are compared then.
        }
        return None;
    }

    public void Save(string journal)
    {
        try
        {
            string file = FileOf(journal), beside = string.Create(CultureInfo.InvariantCulture, $"{file}.{Environment.ProcessId}");
            File.WriteAllText(beside, string.Create(CultureInfo.InvariantCulture, $"{Number} {Head} {Bytes} {AwayUntil.ToUnixTimeMilliseconds()}"));
            File.Move(beside, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // All lines since the one before are compared next time.
        }
    }

    /// <summary>Whether the file's line that ends here is the one that is meant; else it is another file.</summary>
    public bool IsIn(JournalFile file) => Number > 0 && Bytes <= file.Length && IsEnd(file.ReadFrom(Math.Max(0, Bytes - EndLength), Bytes));

    private static int EndLength => EntryLine.Genesis.Length + 3;

    private bool IsEnd(ReadOnlySpan<byte> end) => end.SequenceEqual(Encoding.ASCII.GetBytes(Head + "\"}\n"));

    private static long? Long(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : null;

    private static string FileOf(string journal) => Path.ChangeExtension(journal, ".synced");
}
