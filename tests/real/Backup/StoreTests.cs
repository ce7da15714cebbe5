using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using Jumpbag.Backup.Stores;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Backup;

/// <summary>What every store must hold, against a real server of each kind.</summary>
[Collection(nameof(StoreServers))]
public sealed class StoreTests(StoreServers servers)
{
    private static readonly FileKind[] Kinds = [FileKind.Key, FileKind.Snapshot, FileKind.Index, FileKind.Pack, FileKind.Lock];

    [Theory]
    [InlineData("rest")]
    [InlineData("sftp")]
    [InlineData("s3")]
    [InlineData("swift")]
    public void what_was_saved_is_there_and_nothing_else(string kind)
    {
        StoreServer server = servers[kind];
        using RepositoryStore store = server.Open("contract");
        Assert.False(store.HasRepository());
        Assert.All(Kinds, files => Assert.Empty(store.List(files)));
        store.Prepare();
        store.Prepare();
        Assert.False(store.HasRepository());
        Exercise(store, seed: 1, rounds: 40);

        store.Save(FileKind.Config, "config", new byte[] { 1, 2, 3 });
        Assert.True(store.HasRepository());
        store.Save(FileKind.Config, "config", new byte[] { 4, 5 });
        Assert.Equal(2, store.Length(FileKind.Config, "config"));

        // A file of the size of a pack; eight threads at once.
        byte[] large = Bytes(7, 16 << 20);
        string pack = NameOf(large);
        store.Save(FileKind.Pack, pack, large);
        Parallel.For(0, 8, new() { MaxDegreeOfParallelism = 8 }, i =>
        {
            byte[] own = Bytes(100 + i, 300_000), part = new byte[500_000];
            store.Save(FileKind.Pack, NameOf(own), own);
            store.Read(FileKind.Pack, pack, i * 2_000_000, part);
            Assert.True(part.AsSpan().SequenceEqual(large.AsSpan(i * 2_000_000, part.Length)));
            store.Read(FileKind.Pack, NameOf(own), 0, part.AsSpan(0, own.Length));
            Assert.True(part.AsSpan(0, own.Length).SequenceEqual(own));
        });

        string none = new('0', 64);
        Assert.Throws<NotFoundException>(() => store.Length(FileKind.Pack, none));
        Assert.Throws<NotFoundException>(() => store.Read(FileKind.Pack, none, 0, new byte[1]));
        Assert.Throws<CorruptException>(() => store.Read(FileKind.Pack, pack, large.Length - 5, new byte[6]));
        Assert.Throws<CorruptException>(() => store.Read(FileKind.Pack, pack, large.Length + 5, new byte[6]));
        store.Remove(FileKind.Pack, none);
        if (server.FolderOf is { } folder)
        {
            Assert.Equal(large, File.ReadAllBytes($"{folder("contract")}/data/{pack[..2]}/{pack}"));
            Assert.DoesNotContain(Directory.EnumerateFiles(folder("contract"), "*", SearchOption.AllDirectories), file => Path.GetFileName(file) is not "config" and not { Length: 64 });
        }
    }

    [Theory]
    [InlineData("rest")]
    [InlineData("sftp")]
    [InlineData("s3")]
    [InlineData("swift")]
    public void a_network_that_cuts_and_garbles_costs_attempts_and_no_byte(string kind)
    {
        StoreServer server = servers[kind];
        using var proxy = new TroublesomeProxy(server.Port, seed: 4);
        using RepositoryStore store = server.Open("troubled", proxy.Port, times: 200, options: new() { Patience = TimeSpan.FromHours(1), FirstPatience = TimeSpan.FromHours(1), Silence = TimeSpan.FromMinutes(20) });
        store.Prepare();
        proxy.Trouble = Trouble.Random;
        Exercise(store, seed: 2, rounds: 20);
        byte[] large = Bytes(8, 1 << 20), there = new byte[large.Length];
        store.Save(FileKind.Pack, NameOf(large), large);
        store.Read(FileKind.Pack, NameOf(large), 0, there);
        Assert.Equal(large, there);
        Assert.True(proxy.Troubled > 3, $"only {proxy.Troubled} connections were spoiled");
    }

    [Theory]
    [InlineData("rest")]
    [InlineData("sftp")]
    [InlineData("s3")]
    [InlineData("swift")]
    public void what_does_not_answer_well_is_told_with_its_place_and_in_time(string kind)
    {
        StoreServer server = servers[kind];
        using var proxy = new TroublesomeProxy(server.Port, seed: 5);
        foreach (Trouble trouble in Enum.GetValues<Trouble>().Except([Trouble.None, Trouble.Random, Trouble.Lock]))
        {
            proxy.Trouble = trouble;
            using RepositoryStore store = server.Open("told", proxy.Port, times: 50);
            Failed(() => store.List(FileKind.Pack), store.Place);
            // A page instead of a file only its hash shows.
            if (trouble != Trouble.Page)
                Failed(() => store.Read(FileKind.Pack, new('a', 64), 0, new byte[100_000]), store.Place);
        }
        using RepositoryStore nobody = server.Open("told", ServerProcess.FreePort(), times: 50);
        Assert.NotNull(Failed(() => nobody.HasRepository(), nobody.Place).Hint);
        using RepositoryStore wrong = server.Open("told", times: 50, wrong: true);
        if (server.Wrong.Count > 0)
            Assert.NotNull(Failed(() => wrong.HasRepository(), wrong.Place).Hint);

        JumpbagException Failed(Action act, string place)
        {
            long begin = Stopwatch.GetTimestamp();
            JumpbagException e = Assert.ThrowsAny<JumpbagException>(act);
            Assert.StartsWith(place, e.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(server.Secret, e.Message + e.Hint, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", e.Message + e.Hint, StringComparison.Ordinal);
            Assert.True(Stopwatch.GetElapsedTime(begin) < TimeSpan.FromSeconds(8), $"{e.Message} took {Stopwatch.GetElapsedTime(begin)}");
            return e;
        }
    }

    [Theory]
    [InlineData("folder")]
    [InlineData("rest")]
    [InlineData("sftp")]
    [InlineData("s3")]
    [InlineData("swift")]
    public void no_more_crosses_than_is_allowed(string kind)
    {
        using var folder = new TemporaryFolder();
        StoreOptions options = new() { Limits = new(Upload: 1_000_000, Download: 2_000_000) };
        using RepositoryStore store = kind == "folder" ? StoreAddress.Parse(folder.File("limited")).Open(options) : servers[kind].Open("limited", options: options);
        store.Prepare();
        byte[] content = Bytes(3, 2_000_000), back = new byte[content.Length];
        long begin = Stopwatch.GetTimestamp();
        store.Save(FileKind.Pack, NameOf(content), content);
        TimeSpan up = Stopwatch.GetElapsedTime(begin);
        begin = Stopwatch.GetTimestamp();
        store.Read(FileKind.Pack, NameOf(content), 0, back);
        TimeSpan down = Stopwatch.GetElapsedTime(begin);
        Assert.Equal(content, back);
        // A tenth of a second's worth may come at once.
        Assert.True(up > TimeSpan.FromSeconds(1.5) && down > TimeSpan.FromSeconds(0.7), $"up in {up}, down in {down}");
    }

    [Theory]
    [InlineData("rest")]
    [InlineData("sftp")]
    [InlineData("swift")]
    public async Task a_server_that_restarts_is_waited_for(string kind)
    {
        StoreServer server = servers[kind];
        var events = new ConcurrentQueue<Event>();
        using RepositoryStore store = server.Open("restarts", options: new() { Events = events.Enqueue });
        store.Prepare();
        byte[] content = Bytes(9, 200_000), there = new byte[content.Length];
        store.Save(FileKind.Pack, NameOf(content), content);
        server.Stop();
        var restart = Task.Run(() =>
        {
            Thread.Sleep(1500);
            server.Start();
        }, TestContext.Current.CancellationToken);
        store.Read(FileKind.Pack, NameOf(content), 0, there);
        Assert.Equal(content, there);
        await restart;
        Assert.True(events.Count <= 1);
    }

    [Fact]
    public void limits_hold_all_threads_together()
    {
        StoreServer server = servers["rest"];
        using RepositoryStore store = server.Open("limits", options: new() { Limits = new(Upload: 2 << 20, Download: 4 << 20) });
        store.Prepare();
        byte[][] contents = [.. Enumerable.Range(0, 4).Select(i => Bytes(20 + i, 400_000))];
        long begin = Stopwatch.GetTimestamp();
        Parallel.ForEach(contents, new() { MaxDegreeOfParallelism = 4 }, content => store.Save(FileKind.Pack, NameOf(content), content));
        // 1.6 MB at 2 MiB/s, and what is read back.
        Assert.InRange(Stopwatch.GetElapsedTime(begin).TotalSeconds, 0.65, 10);
        begin = Stopwatch.GetTimestamp();
        Parallel.ForEach(contents, new() { MaxDegreeOfParallelism = 4 }, content => store.Read(FileKind.Pack, NameOf(content), 0, new byte[content.Length]));
        Assert.InRange(Stopwatch.GetElapsedTime(begin).TotalSeconds, 0.25, 10);
    }

    [Fact]
    public void a_server_that_only_appends_takes_what_is_new_and_says_so_of_the_rest()
    {
        StoreServer server = servers["rest-append"];
        using RepositoryStore store = server.Open("append");
        store.Prepare();
        byte[] content = Bytes(30, 1000), there = new byte[1000];
        string name = NameOf(content);
        store.Save(FileKind.Pack, name, content);
        // The answer to the first sending may have been lost.
        store.Save(FileKind.Pack, name, content);
        JumpbagException e = Assert.Throws<FailedException>(() => store.Save(FileKind.Pack, name, Bytes(31, 1000)));
        Assert.Contains("only appends", e.Hint, StringComparison.Ordinal);
        e = Assert.Throws<FailedException>(() => store.Remove(FileKind.Pack, name));
        Assert.Contains("cannot be removed", e.Message, StringComparison.Ordinal);
        store.Read(FileKind.Pack, name, 0, there);
        Assert.Equal(content, there);
        store.Save(FileKind.Lock, name, content);
        store.Remove(FileKind.Lock, name);
        Assert.Empty(store.List(FileKind.Lock));
    }

    /// <summary>Draws what is done to a store, and compares it with a dictionary.</summary>
    private static void Exercise(RepositoryStore store, int seed, int rounds)
    {
        var random = new Random(seed);
        var model = new Dictionary<(FileKind Kind, string Name), byte[]>();
        int[] sizes = [1, 2, 100, 4095, 32768, 32769, 65536, 65537, 300_000];
        for (int i = 0; i < rounds; i++)
        {
            FileKind kind = Kinds[random.Next(Kinds.Length)];
            switch (random.Next(4))
            {
                case 0 when model.Count > 3:
                    (FileKind removedKind, string removed) = model.Keys.ElementAt(random.Next(model.Count));
                    store.Remove(removedKind, removed);
                    model.Remove((removedKind, removed));
                    break;
                case 1 when model.Count > 0:
                    // As heal does, with other content under the name.
                    (FileKind replacedKind, string replaced) = model.Keys.ElementAt(random.Next(model.Count));
                    byte[] other = Bytes(seed * 1000 + i, sizes[random.Next(sizes.Length)]);
                    store.Save(replacedKind, replaced, other);
                    model[(replacedKind, replaced)] = other;
                    break;
                default:
                    byte[] content = Bytes(seed * 1000 + i, sizes[random.Next(sizes.Length)]);
                    store.Save(kind, NameOf(content), content);
                    model[(kind, NameOf(content))] = content;
                    break;
            }
        }
        foreach (FileKind kind in Kinds)
            Assert.Equal(model.Keys.Where(key => key.Kind == kind).Select(key => key.Name).Order(StringComparer.Ordinal), store.List(kind).Order(StringComparer.Ordinal));
        foreach (((FileKind kind, string name), byte[] content) in model)
        {
            Assert.Equal(content.Length, store.Length(kind, name));
            int from = random.Next(content.Length), length = random.Next(content.Length - from) + 1;
            var part = new byte[length];
            store.Read(kind, name, from, part);
            Assert.True(part.AsSpan().SequenceEqual(content.AsSpan(from, length)), $"{kind} {name}: bytes {from} to {from + length}");
        }
    }

    internal static byte[] Bytes(int seed, int length)
    {
        var content = new byte[length];
        new Random(seed).NextBytes(content);
        return content;
    }

    internal static string NameOf(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));
}
