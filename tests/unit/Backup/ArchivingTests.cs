using System.Security.Cryptography;
using System.Text;
using Jumpbag.Backup.Archiving;
using Jumpbag.Backup.Repository;
using Jumpbag.Backup.Snapshots;
using Jumpbag.Backup.Stores;
using Jumpbag.Backup.Writing;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.FileSystems;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit.Backup;

/// <summary>Sources other than files, and locks: within this process, what is written is read back. Files are compared with restic in tests/real.</summary>
public sealed class ArchivingTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly List<Event> told = [];

    public void Dispose() => folder.Dispose();

    [Fact]
    public void what_a_command_writes_is_a_file()
    {
        using BackupRepository repository = Create("repo");
        BackupResult result = Run(repository, new CommandSource("head -c 3000000 /dev/zero; echo end", "dump.sql"));
        Assert.Equal((1, 3_000_004, "/dump.sql"), (result.Files, result.Bytes, result.Snapshot.Paths.Single()));
        var tree = new FileTree(new SnapshotFileSystem(repository, result.Snapshot));
        var content = new List<byte>();
        ContentReader.Copy(tree.Lookup(ByteString.FromText("/dump.sql")), bytes => content.AddRange(bytes), damage => Assert.Fail(damage.ToString()));
        Assert.Equal(3_000_004, content.Count);
        Assert.Equal("\0end\n", Encoding.ASCII.GetString(content.Skip(2_999_999).ToArray()));
    }

    [Theory]
    [InlineData("echo half; echo no such table >&2; exit 3", "ended with status 3: no such table")]
    [InlineData("head -c 20000000 /dev/urandom; kill -9 $$", "ended with status 137")]
    [InlineData("no-such-program", "ended with status 127")]
    public void a_command_that_fails_makes_the_backup_fail(string command, string message)
    {
        using BackupRepository repository = Create("repo");
        Assert.Contains(message, Assert.Throws<FailedException>(() => Run(repository, new CommandSource(command, "dump.sql"))).Message, StringComparison.Ordinal);
        Assert.Empty(repository.Snapshots());
        Assert.Empty(repository.Store.List(FileKind.Lock));
    }

    [Fact]
    public async Task a_command_that_never_ends_is_ended_with_the_backup()
    {
        using BackupRepository repository = Create("repo");
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        Task<BackupResult> run = Task.Run(() => Archiver.Run(repository, new CommandSource("echo begun; sleep 1000", "f"), new(), told.Add, stop.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
        Assert.Empty(repository.Snapshots());
    }

    [Fact]
    public void a_filesystem_is_saved_as_it_is_and_what_is_unchanged_is_not_read_again()
    {
        string source = Directory.CreateDirectory(folder.File("src/deep/er")).Parent!.Parent!.FullName;
        File.WriteAllText($"{source}/a", "one");
        File.WriteAllBytes($"{source}/deep/big", [.. Enumerable.Range(0, 3_000_000).Select(i => (byte)(i * i >> 8))]);
        File.WriteAllText($"{source}/deep/er/empty", "");
        File.CreateSymbolicLink($"{source}/link", "deep/big");
        using BackupRepository first = Create("first"), second = Create("second");
        BackupResult files = Run(first, new FilesSource([ByteString.FromText(source + "/a"), ByteString.FromText(source + "/deep"), ByteString.FromText(source + "/link")]));
        // A snapshot is a filesystem like any other.
        var disk = new DiskSource(new(new SnapshotFileSystem(first, files.Snapshot)), "/");
        BackupResult copied = Run(second, disk);
        Assert.Equal((files.Files, files.Folders, files.Others, files.Bytes, 0L), (copied.Files, copied.Folders, copied.Others, copied.Bytes, copied.Unchanged));
        Assert.Equal(Listing(first, files.Snapshot), Listing(second, copied.Snapshot));
        BackupResult again = Run(second, disk);
        Assert.Equal((copied.Snapshot.Tree, copied.Files, 0L), (again.Snapshot.Tree, again.Unchanged, again.NewBytes));
        Assert.Equal(copied.Snapshot.Id, again.Parent!.Id);
    }

    [Fact]
    public void a_file_that_is_read_in_pieces_is_fetched_once()
    {
        byte[] content = RandomNumberGenerator.GetBytes(6_000_000);
        File.WriteAllBytes(folder.File("big"), content);
        using BackupRepository repository = Create("repo");
        var files = new SnapshotFileSystem(repository, Run(repository, new FilesSource([ByteString.FromText(folder.File("big"))])).Snapshot);
        Node big = new FileTree(files).Lookup(ByteString.FromText(folder.File("big"))).Node;
        long before = repository.BytesRead;
        var back = new byte[content.Length];
        for (int at = 0; at < content.Length; at += 100_000)
            files.Read(big, at, back.AsSpan(at, 100_000), damage => Assert.Fail(damage.ToString()));
        Assert.Equal(content, back);
        Assert.InRange(repository.BytesRead - before, content.Length, content.Length + 10_000);
    }

    /// <summary>Buffers are lent and used again: nobody may see in his what another reads.</summary>
    [Fact]
    public void what_several_read_at_once_is_what_was_saved()
    {
        var contents = new List<byte[]>();
        Directory.CreateDirectory(folder.File("src"));
        for (int number = 0; number < 60; number++)
        {
            // Some compress, some don't, some are all zeros; many are small, some have several blobs.
            byte[] content = number % 10 == 9 ? new byte[3_000_000] : RandomNumberGenerator.GetBytes(number % 10 == 0 ? 4_000_000 : 1 + number * 977);
            if (number % 3 == 1)
                for (int i = 0; i < content.Length; i++)
                    content[i] &= 0x0F;
            contents.Add(content);
            File.WriteAllBytes(folder.File($"src/{number}"), content);
        }
        using BackupRepository repository = Create("repo");
        var tree = new FileTree(new SnapshotFileSystem(repository, Run(repository, new FilesSource([ByteString.FromText(folder.File("src"))])).Snapshot));
        Parallel.For(0, 8, worker =>
        {
            var random = new Random(worker);
            for (int round = 0; round < 60; round++)
            {
                int number = random.Next(contents.Count), from = random.Next(contents[number].Length), length = random.Next(Math.Min(contents[number].Length - from, 300_000) + 1);
                TreeNode file = tree.Lookup(ByteString.FromText(folder.File($"src/{number}")));
                if (round % 4 == 0)
                {
                    int at = 0;
                    ContentReader.Copy(file, bytes =>
                    {
                        Assert.True(bytes.SequenceEqual(contents[number].AsSpan(at, bytes.Length)));
                        at += bytes.Length;
                    }, damage => Assert.Fail(damage.ToString()));
                    Assert.Equal(contents[number].Length, at);
                    continue;
                }
                var piece = new byte[length];
                file.FileSystem.Read(file.Node, from, piece, damage => Assert.Fail(damage.ToString()));
                Assert.True(piece.AsSpan().SequenceEqual(contents[number].AsSpan(from, length)));
            }
        });
    }

    [Fact]
    public void what_is_counted_beforehand_is_what_is_saved()
    {
        string source = Directory.CreateDirectory(folder.File("src/deep/er")).Parent!.Parent!.FullName;
        Directory.CreateDirectory($"{source}/empty");
        Directory.CreateDirectory($"{source}/cache/of/things");
        foreach ((string name, int size) in new[] { ("a", 5), ("deep/b", 70_000), ("deep/er/c", 0), ("deep/er/d.tmp", 100), ("cache/of/things/e", 1000), ("lonely", 3) })
            File.WriteAllBytes($"{source}/{name}", new byte[size]);
        File.CreateSymbolicLink($"{source}/deep/link", "b");
        var options = new BackupOptions { Excludes = ["*.tmp", $"{source}/cache"], OneFileSystem = true };
        using BackupRepository repository = Create("repo"), second = Create("second");
        var files = new FilesSource([.. new[] { "a", "deep", "empty", "cache", "lonely" }.Select(name => ByteString.FromText($"{source}/{name}"))]);
        BackupResult saved = Archiver.Run(repository, files, options, told.Add, CancellationToken.None);
        Assert.Equal((saved.Files + saved.Folders, saved.Bytes), Counted(files, options));
        Assert.Equal(70_008, saved.Bytes);
        var disk = new DiskSource(new(new SnapshotFileSystem(repository, saved.Snapshot)), "/");
        BackupResult copied = Archiver.Run(second, disk, new() { Excludes = ["b"] }, told.Add, CancellationToken.None);
        Assert.Equal((copied.Files + copied.Folders, 8L), Counted(disk, new() { Excludes = ["b"] }));
        Assert.Equal(8, copied.Bytes);
        using var command = new SourceCount(new CommandSource("exit 1", "never"), new());
        command.Count();
        Assert.False(command.Counted);

        static (long, long) Counted(ArchiveSource source, BackupOptions options)
        {
            using var count = new SourceCount(source, options);
            count.Count();
            Assert.True(count.Counted);
            return (count.Files, count.Bytes);
        }
    }

    [Fact]
    public void a_command_is_expected_to_write_as_much_as_last_time()
    {
        using BackupRepository repository = Create("repo");
        var dump = new CommandSource("head -c 1000 /dev/zero; sleep $(cat " + folder.File("pause") + "); head -c 500 /dev/zero", "dump.sql");
        File.WriteAllText(folder.File("pause"), "0");
        Run(repository, dump);
        told.Clear();
        File.WriteAllText(folder.File("pause"), "1.3");
        Run(repository, dump);
        Progress progress = told.OfType<Progressed>().First().Progress;
        Assert.Equal(("saving", 1500L, "if it is as large as last time"), (progress.Activity, progress.BytesTotal, progress.Note));
    }

    [Fact]
    public void many_may_add_and_one_may_remove()
    {
        using BackupRepository repository = Create("repo");
        RepositoryLock first = Take(repository, false), second = Take(repository, false);
        Assert.Contains("is locked by", Assert.Throws<FailedException>(() => Take(repository, true)).Message, StringComparison.Ordinal);
        first.Dispose();
        second.Dispose();
        using (Take(repository, true))
            foreach (bool exclusive in new[] { true, false })
                Assert.Contains("is locked exclusively by", Assert.Throws<FailedException>(() => Take(repository, exclusive)).Message, StringComparison.Ordinal);
        Assert.Empty(repository.Store.List(FileKind.Lock));
    }

    [Fact]
    public void a_lock_is_renewed_and_an_old_one_removed()
    {
        using BackupRepository repository = Create("repo");
        var clock = new HandClock();
        RepositoryLock held = Take(repository, true, clock);
        string name = Assert.Single(repository.Store.List(FileKind.Lock));
        clock.Advance(TimeSpan.FromMinutes(5));
        clock.Tick();
        Assert.NotEqual(name, Assert.Single(repository.Store.List(FileKind.Lock)));
        clock.Advance(TimeSpan.FromMinutes(29));
        Assert.Throws<FailedException>(() => Take(repository, false, clock));
        clock.Advance(TimeSpan.FromMinutes(2));
        Take(repository, false, clock).Dispose();
        Assert.Contains(told.OfType<Status>(), status => status.Message.StartsWith("a lock that nobody holds any more is removed", StringComparison.Ordinal));
        held.Dispose();
        Assert.Empty(repository.Store.List(FileKind.Lock));
    }

    [Fact]
    public void a_lock_that_cannot_be_renewed_stops_the_work_before_others_take_it_for_stale()
    {
        using BackupRepository repository = Create("repo");
        var clock = new HandClock();
        RepositoryLock held = Take(repository, false, clock);
        Directory.Delete(folder.File("repo/locks"), recursive: true);
        File.WriteAllText(folder.File("repo/locks"), "no folder");
        for (int minutes = 5; minutes < 25; minutes += 5)
        {
            clock.Advance(TimeSpan.FromMinutes(5));
            clock.Tick();
            Assert.False(held.Stop.IsCancellationRequested);
            held.ThrowIfLost();
        }
        clock.Advance(TimeSpan.FromMinutes(5));
        clock.Tick();
        Assert.True(held.Stop.IsCancellationRequested);
        Assert.Throws<FailedException>(held.ThrowIfLost);
        held.Dispose();
    }

    private RepositoryLock Take(BackupRepository repository, bool exclusive, TimeProvider? clock = null) => RepositoryLock.Take(repository, exclusive, told.Add, clock ?? TimeProvider.System, CancellationToken.None);

    private BackupRepository Create(string name) => BackupRepository.Create(new FolderStore(folder.File(name)), "pass"u8.ToArray(), null, told.Add);

    private BackupResult Run(BackupRepository repository, ArchiveSource source)
    {
        BackupResult result = Archiver.Run(repository, source, new(), told.Add, CancellationToken.None);
        Assert.DoesNotContain(told, happened => happened is FileNotSaved);
        return result;
    }

    /// <summary>All paths with what stands behind them.</summary>
    private static List<string> Listing(BackupRepository repository, SnapshotInfo snapshot)
    {
        var lines = new List<string>();
        var tree = new FileTree(new SnapshotFileSystem(repository, snapshot));
        Add(tree.Root, "");
        return lines;

        void Add(TreeNode directory, string path)
        {
            foreach (DirectoryEntry entry in tree.List(directory, damage => Assert.Fail(damage.ToString())))
            {
                TreeNode found = tree.Open(directory, entry, damage => Assert.Fail(damage.ToString()));
                var node = (SnapshotNode)found.Node;
                lines.Add($"{path}/{entry.Name} {node.Type} {node.Permissions} {node.Uid} {node.Gid} {node.Size} {node.Modified} {node.Changed} {node.Target} {string.Join(' ', node.Content)}");
                if (node.Type == FileType.Directory)
                    Add(found, $"{path}/{entry.Name}");
            }
        }
    }

    /// <summary>A clock that is set by hand, and rings by hand.</summary>
    private sealed class HandClock : TimeProvider
    {
        private DateTimeOffset now = DateTimeOffset.UtcNow;
        private TimerCallback? ring;

        public override DateTimeOffset GetUtcNow() => now;

        public void Advance(TimeSpan time) => now += time;

        public void Tick() => ring!(null);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            ring ??= callback;
            return new NoTimer();
        }

        private sealed class NoTimer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
