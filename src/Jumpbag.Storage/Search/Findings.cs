namespace Jumpbag.Storage.Search;

/// <summary>Brings the superblocks that were met together into filesystems.</summary>
internal sealed class Findings
{
    public const int Maximum = 10_000;

    private readonly Dictionary<(string Family, string? Uuid, long Start), Candidate> byPlace = [];

    /// <summary>A device can be made of superblocks; nobody reads a list that long.</summary>
    public bool IsFull => byPlace.Count >= Maximum;

    /// <summary>One filesystem at one place is one row; its primary superblock is believed before a copy.</summary>
    public void Add(Candidate candidate)
    {
        var key = (Family(candidate.Format), candidate.Uuid, candidate.Start);
        if (!byPlace.TryGetValue(key, out Candidate? known) || Rank(candidate) > Rank(known))
            byPlace[key] = candidate;
    }

    public IReadOnlyList<FoundSuperblock> Rows()
    {
        // A copy that nothing confirms (in a journal, in an old block) says nothing new of a filesystem that was found.
        HashSet<(string, string)> confirmed = [.. byPlace.Values.Where(c => c is { Verified: true, Uuid: not null }).Select(c => (Family(c.Format), c.Uuid!))];
        List<Candidate> kept = [.. byPlace.Values
            .Where(c => c.Verified || c.Uuid is null || !confirmed.Contains((Family(c.Format), c.Uuid)))
            .OrderBy(c => c.Start).ThenByDescending(c => c.Size ?? 0)];

        var rows = new List<FoundSuperblock>(kept.Count);
        var around = new Stack<Candidate>();
        foreach (Candidate c in kept)
        {
            while (around.TryPeek(out Candidate? outer) && outer.Start + outer.Size!.Value <= c.Start)
                around.Pop();
            string note = c.FromBackup && c.Note.Length == 0 ? "found by a backup superblock; the primary one is gone" : c.Note;
            if (around.TryPeek(out Candidate? container) && c.Start > container.Start)
                note = Join(note, $"lies inside of the {container.Format} at byte {container.Start}");
            rows.Add(new(c.Start, c.Format, c.Label, c.Uuid, c.Size, c.FromBackup, note));
            if (IsContent(c) && c.Size is > 0 && c.Size <= long.MaxValue - c.Start)
                around.Push(c);
        }
        return rows;
    }

    /// <summary>A partition table covers its partitions, which does not make them files of it.</summary>
    private static bool IsContent(Candidate c) => c.Format is not ("gpt" or "dos");

    private static string Join(string note, string more) => note.Length == 0 ? more : $"{note}; {more}";

    private static int Rank(Candidate c) => (c.Verified ? 2 : 0) + (c.FromBackup ? 0 : 1);

    /// <summary>A backup superblock of ext is as old as the last resize or tune2fs: it may still say ext3.</summary>
    private static string Family(string format) => format is "ext2" or "ext3" or "ext4" ? "ext" : format;
}
