using System.Diagnostics;
using System.Text;
using CsCheck;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Folding;
using Jumpbag.Incident.Journal;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit.Incident;

public sealed class StoreTests : IDisposable
{
    private static readonly Author Anna = new("anna", 1000, "login"), Ben = new("ben", 1001, "login");

    private readonly TemporaryFolder folder = new();
    private readonly MemoryStore store = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void two_machines_write_one_chain_and_see_each_others_events()
    {
        (FileJournal a, FileJournal b) = Two();
        Appended one = a.Append(Anna, new Noted("1")), two = b.Append(Ben, new Noted("2")), three = a.Append(Anna, new Noted("3"));
        Assert.Equal((one.Entry.Hash, two.Entry.Hash), (two.Entry.Prev, three.Entry.Prev));
        Assert.Equal((1, null, 0), (three.Store!.Pulled, three.SavedIn, three.Refused.Count));
        b.Sync(Ben);
        Assert.Equal(JournalReader.ReadBytes(a.Path), JournalReader.ReadBytes(b.Path));
        Assert.Empty(ChainCheck.Of(InStore(a)).Problems);
        Assert.Equal(4, InStore(a).Whole.Count);
    }

    [Fact]
    public void an_event_that_needs_the_others_is_made_from_all_machines_events()
    {
        (FileJournal a, FileJournal b) = Two();
        static EventData Next(IReadOnlyList<Entry> entries) => new Assumed(IncidentState.Of(entries, "i").Labels.Next('A'), "x");
        a.Append(Anna, Next);
        b.Append(Ben, Next);
        a.Append(Anna, Next);
        Assert.Equal(["A1", "A2", "A3"], a.Read().Select(entry => entry.Data).OfType<Assumed>().Select(one => one.Label));
    }

    [Fact]
    public void while_the_store_is_away_the_file_takes_events_and_afterwards_the_store_gets_them()
    {
        (FileJournal a, FileJournal b) = Two();
        store.Now = MemoryStore.Mood.Away;
        Appended alone = a.Append(Anna, new Noted("alone"));
        Assert.Equal((a.Path, "memory://store: is away"), (alone.SavedIn, alone.Refused.Single().Message));
        Assert.Equal(2, a.Read().Count);
        store.Now = MemoryStore.Mood.Well;
        b.Append(Ben, new Noted("meanwhile"));
        Synced synced = a.Sync(Anna)!;
        Assert.Equal((1, 1, 0, null), (synced.Sent, synced.Pulled, synced.PutBack, synced.Away));
        b.Sync(Ben);
        Assert.Equal(["open", "meanwhile", "alone", "merge"], b.Read().Select(entry => entry.Data is Noted note ? note.Text : entry.Data.Type));
        Assert.Empty(ChainCheck.Of(InStore(a)).Problems);
        Assert.All([a, b], journal => Assert.Empty(Problems(journal)));
        Assert.Equal((0, 0), (a.Sync(Anna)!.Sent, a.Sync(Anna)!.Pulled));
    }

    [Theory]
    [InlineData("LosesTheLook")]
    [InlineData("LosesTheCommit")]
    [InlineData("LosesTheAnswer")]
    public void an_event_whose_fate_in_the_store_is_unknown_is_there_once_in_the_end(string mood)
    {
        (FileJournal a, FileJournal b) = Two();
        store.Now = Enum.Parse<MemoryStore.Mood>(mood);
        Appended unsure = a.Append(Anna, new Noted("unsure"));
        Assert.Equal(a.Path, unsure.SavedIn);
        store.Now = MemoryStore.Mood.Well;
        b.Append(Ben, new Noted("after"));
        a.Sync(Anna);
        b.Sync(Ben);
        Assert.All([a, b], journal => Assert.Single(journal.Read(), entry => entry.Hash == unsure.Entry.Hash));
        Assert.Empty(ChainCheck.Of(InStore(a)).Problems);
    }

    /// <summary>Whatever happens in whatever order: what was acknowledged is in the store once, in an order that verifies, and all machines agree.</summary>
    [Fact]
    public void machines_and_a_store_that_fails_at_any_point_end_with_the_same_events()
    {
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 4], Gen.Int[0, 2]).Array[1, 40].Sample(steps =>
        {
            using var scratch = new TemporaryFolder();
            var shared = new MemoryStore();
            FileJournal[] machines = Machines(scratch, shared, 3);
            var acknowledged = new List<string> { machines[0].FirstHash! };
            foreach ((int machine, int mood, int what) in steps)
            {
                shared.Now = (MemoryStore.Mood)mood;
                if (what == 0)
                    machines[machine].Sync(Anna);
                else
                    acknowledged.Add(machines[machine].Append(Anna, new Noted($"{acknowledged.Count}")).Entry.Hash);
                if (what == 2)
                    File.Delete(Path.ChangeExtension(machines[machine].Path, ".synced"));
            }
            shared.Now = MemoryStore.Mood.Well;
            for (int round = 0; round < 2; round++)
                foreach (FileJournal machine in machines)
                    machine.Sync(Anna);
            JournalLines lines = InStore(shared, machines[0]);
            string[] hashes = [.. JournalReader.Entries(lines.Whole).Select(entry => entry.Hash)];
            Assert.Equal(hashes.Distinct(), hashes);
            Assert.Empty(acknowledged.Except(hashes));
            Assert.Empty(ChainCheck.Of(lines).Problems);
            Assert.All(machines, machine =>
            {
                Assert.Equal(hashes.Order(StringComparer.Ordinal), machine.Read().Select(entry => entry.Hash).Order(StringComparer.Ordinal));
                Assert.Empty(Problems(machine));
                Assert.Empty(StoreCheck.Of(machine, TimeSpan.Zero).Problems);
            });
        }, iter: 300);
    }

    [Fact]
    public void a_store_that_lost_its_tail_is_told_and_gets_it_back()
    {
        (FileJournal a, _) = Two();
        for (int i = 0; i < 5; i++)
            a.Append(Anna, new Noted($"{i}"));
        store.Lines(a.FirstHash!).RemoveRange(3, 3);
        StoreCheck check = StoreCheck.Of(a, TimeSpan.Zero);
        Assert.Contains("3 events that it had", Assert.Single(check.Problems), StringComparison.Ordinal);
        Assert.Equal(3, a.Append(Anna, new Noted("next")).Store!.PutBack);
        Assert.Equal(7, InStore(a).Whole.Count);
        Assert.Empty(StoreCheck.Of(a, TimeSpan.Zero).Problems);
    }

    [Fact]
    public void a_line_that_was_changed_or_taken_out_of_the_store_is_found()
    {
        (FileJournal a, _) = Two();
        for (int i = 0; i < 5; i++)
            a.Append(Anna, new Noted($"{i}"));
        List<byte[]> lines = store.Lines(a.FirstHash!);
        for (int at = 0; at < lines.Count; at++)
        {
            byte[] before = lines[at];
            lines[at] = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(before).Replace("\"anna\"", "\"otto\"", StringComparison.Ordinal));
            Assert.Contains(StoreCheck.Of(a, TimeSpan.Zero).Problems, problem => problem == $"line {at + 1}: was changed: its hash is not that of its content");
            lines[at] = before;
            lines.RemoveAt(at);
            Assert.Contains(StoreCheck.Of(a, TimeSpan.Zero).Problems, problem => problem.StartsWith("1 event that it had", StringComparison.Ordinal));
            lines.Insert(at, before);
        }
        Assert.Empty(StoreCheck.Of(a, TimeSpan.Zero).Problems);
    }

    [Fact]
    public void a_store_that_keeps_people_waiting_is_left_alone_for_a_while()
    {
        (FileJournal a, _) = Two();
        (store.Now, store.Hangs) = (MemoryStore.Mood.Away, TimeSpan.FromSeconds(0.7));
        int before = store.Connections;
        a.Append(Anna, new Noted("waits"));
        long begin = Stopwatch.GetTimestamp();
        for (int i = 0; i < 5; i++)
            Assert.Equal(a.Path, a.Append(Anna, new Noted("does not")).SavedIn);
        Assert.InRange(Stopwatch.GetElapsedTime(begin).TotalSeconds, 0, 3);
        Assert.Equal(1, store.Connections - before);
    }

    [Fact]
    public void an_event_is_saved_in_the_store_where_the_file_cannot_be_written()
    {
        (FileJournal a, FileJournal b) = Two();
        using (JournalFile.Open(a.Path, create: false))
            Assert.Equal(store.Place, a.Append(Anna, new Noted("store")).SavedIn);
        Assert.Equal(2, a.Read().Count);
        b.Sync(Ben);
        Assert.Equal("store", ((Noted)b.Read()[1].Data).Text);
        a.Append(Anna, new Noted("both"));
        Assert.Equal(3, a.Read().Count);
        Assert.Empty(Problems(a));
    }

    [Fact]
    public void where_neither_can_be_written_an_event_goes_to_a_fallback_and_later_to_both()
    {
        (FileJournal a, FileJournal b) = Two();
        store.Now = MemoryStore.Mood.LosesTheAnswer;
        using (JournalFile.Open(a.Path, create: false))
        {
            Appended saved = a.Append(Anna, new Noted("neither"));
            Assert.Equal((folder.File("fallback/i.ndjson"), 2), (saved.SavedIn, saved.Refused.Count));
        }
        store.Now = MemoryStore.Mood.Well;
        a.Append(Anna, new Noted("next"));
        b.Sync(Ben);
        Assert.All([a, b], journal => Assert.Equal(["neither", "next"], journal.Read().Select(entry => entry.Data).OfType<Noted>().Select(note => note.Text)));
        Assert.Empty(ChainCheck.Of(InStore(a)).Problems);
        Assert.Empty(a.Pending);
    }

    private (FileJournal A, FileJournal B) Two()
    {
        FileJournal[] machines = Machines(folder, store, 2);
        return (machines[0], machines[1]);
    }

    private static FileJournal[] Machines(TemporaryFolder folder, MemoryStore store, int count)
    {
        string Path(int machine) => folder.File($"{machine}/i.ndjson");
        string first = new FileJournal(Path(0), [folder.File("fallback")], store).Append(Anna, new Opened(1, "i", "t", 2, false)).Entry.Hash;
        FileJournal[] all = [.. Enumerable.Range(0, count).Select(machine => new FileJournal(Path(machine), [folder.File("fallback")], store, first))];
        foreach (FileJournal other in all[1..])
            other.Sync(Ben, isNew: true);
        return all;
    }

    private JournalLines InStore(FileJournal journal) => InStore(store, journal);

    private static JournalLines InStore(MemoryStore store, FileJournal journal) => JournalLines.Of([.. store.Lines(journal.FirstHash!).Select(line => (ReadOnlyMemory<byte>)line)]);

    /// <summary>Read as we do: .NET's own way asks for the lock, which a program that another test just starts holds until it runs.</summary>
    private static IReadOnlyList<ChainProblem> Problems(FileJournal journal) => ChainCheck.Of(JournalLines.Split(JournalReader.ReadBytes(journal.Path))).Problems;
}
