using Jumpbag.Core;

namespace Jumpbag.Backup.Stores.Sftp;

/// <summary>A repository in a folder behind an SSH server; one connection, over which all threads ask at once.</summary>
internal sealed class SftpStore(SftpAddress address, StoreOptions options) : RepositoryStore
{
    /// <summary>What every server takes in one packet.</summary>
    private const int Portion = 32 << 10;

    /// <summary>Portions of one file that are under way: 2 MiB, what 200 Mbit/s hold in 80 ms.</summary>
    private const int Window = 64;

    private const int Progress = 64 << 10;

    /// <summary>Of folders that are listed at once.</summary>
    private const int Listings = 16;

    private const uint ForReading = 1, ForWriting = 2, Creates = 8, Truncates = 0x10;
    private const uint HasMode = 4, FolderMode = 0x4000, TypeMask = 0xF000;
    private const string Fsync = "fsync@openssh.com", PosixRename = "posix-rename@openssh.com";

    private readonly Retries retries = new(address.Place, options);
    private readonly TokenBucket upload = new(options.Limits.Upload, options.Clock), download = new(options.Limits.Download, options.Clock);
    private readonly Lock gate = new();
    private SftpConnection? connection;
    private (string Top, RepositoryLayout Layout)? home;

    public override string Place => address.Place;

    public override IReadOnlyList<string> List(FileKind kind) => [.. Names(kind).Where(name => !IsUnfinished(name))];

    public override IReadOnlyList<string> Unfinished(FileKind kind) => [.. Names(kind).Where(IsUnfinished)];

    private IReadOnlyList<string> Names(FileKind kind) => retries.Run($"{Place}: {Home().Layout.Folder(kind)}", () =>
    {
        (string top, RepositoryLayout layout) = Home();
        List<(string Name, bool IsFolder)> entries = ListFolder($"{top}/{layout.Folder(kind)}");
        var names = new List<string>();
        if (kind == FileKind.Pack && !layout.IsLegacy)
        {
            string[] folders = [.. entries.Where(entry => entry.IsFolder).Select(entry => entry.Name)];
            var found = new List<(string Name, bool IsFolder)>[folders.Length];
            InParallel(folders.Length, i => found[i] = ListFolder($"{top}/data/{folders[i]}"));
            entries = [.. found.SelectMany(list => list)];
        }
        return (IReadOnlyList<string>)[.. entries.Where(entry => !entry.IsFolder).Select(entry => entry.Name)];
    });

    public override long Length(FileKind kind, string name)
    {
        string what = Name(kind, name), path = PathOf(kind, name);
        return retries.Run(what, () => LengthOf(path) ?? throw new NotFoundException($"{what}: is missing"));
    }

    public override void Read(FileKind kind, string name, long offset, Span<byte> destination) => Read(Name(kind, name), PathOf(kind, name), offset, destination);

    public override bool HasRepository() => retries.Run(Place, () => LengthOf($"{Home().Top}/config")) is not null;

    public override void Prepare() => retries.Run(Place, () =>
    {
        (string top, RepositoryLayout layout) = Home();
        foreach (FileKind kind in RepositoryLayout.Folders)
            MakeFolder($"{top}/{layout.Folder(kind)}");
        return true;
    });

    /// <summary>It is written beside, made to last where the server can, read back and compared, and then gets its name.</summary>
    public override void Save(FileKind kind, string name, ReadOnlyMemory<byte> content)
    {
        string what = Name(kind, name), path = PathOf(kind, name), beside = $"{path}-tmp-{Guid.NewGuid():N}";
        bool isFirst = true;
        try
        {
            retries.Run(what, () =>
            {
                if (!isFirst)
                    Delete(beside);
                isFirst = false;
                Write(what, beside, content);
                if (Difference(what, beside, content) is { } difference)
                    throw new FailedException($"{what}: was written, but what is there {difference}", "look at the server's disk and memory before the repository is trusted");
                // As restic has it; servers that know no modes refuse.
                _ = Connect().Ask(new SftpRequest(SftpType.SetStat).Add(beside).Add(HasMode).Add(0x8100u));
                Rename(what, beside, path);
                return true;
            });
        }
        catch (JumpbagException)
        {
            RemoveLeftover(beside);
            throw;
        }
    }

    public override void Remove(FileKind kind, string name)
    {
        string what = $"{Name(kind, name)}: cannot be removed", path = PathOf(kind, name);
        retries.Run(what, () => Delete(path) is var answer && answer.Status is SftpStatus.Ok or SftpStatus.NoSuchFile ? true : throw Refused(what, answer));
    }

    public override void Dispose()
    {
        connection?.Dispose();
        base.Dispose();
    }

    private string Name(FileKind kind, string name) => $"{Place}: {Home().Layout.PathOf(kind, name)}";

    private string PathOf(FileKind kind, string name) => $"{Home().Top}/{Home().Layout.PathOf(kind, name)}";

    /// <summary>The connection that works, made where there is none; one thread makes it for all.</summary>
    private SftpConnection Connect()
    {
        lock (gate)
        {
            if (connection is { IsBroken: false })
                return connection;
            connection?.Dispose();
            connection = null;
            try
            {
                connection = SftpConnection.Open(address, options);
            }
            catch (FailedException e)
            {
                throw new FailedException($"{Place}: {e.Message}", e.Hint, e);
            }
            retries.Worked();
            return connection;
        }
    }

    /// <summary>Where the repository lies, looked up once: a path behind one slash is restic's below the home, where only there is a repository.</summary>
    private (string Top, RepositoryLayout Layout) Home()
    {
        lock (gate)
            if (home is { } known)
                return known;
        (string, RepositoryLayout) found = retries.Run(Place, () =>
        {
            string path = address.Path.TrimEnd('/');
            string top = address.OtherPath is { } other && LengthOf($"{path}/config") is null && LengthOf($"{other}/config") is not null ? other : path;
            return (top, new RepositoryLayout(LengthOf($"{top}/keys") is null && LengthOf($"{top}/key") is not null));
        });
        lock (gate)
            home = found;
        return found;
    }

    /// <summary>Null of what is not there.</summary>
    private long? LengthOf(string path)
    {
        SftpAnswer answer = Connect().Ask(new SftpRequest(SftpType.Stat).Add(path));
        return answer.Type == SftpType.Attrs ? answer.Reader().Attributes().Length ?? 0 : answer.Status == SftpStatus.NoSuchFile ? null : throw Refused($"{Place}: {path}", answer);
    }

    private List<(string Name, bool IsFolder)> ListFolder(string path)
    {
        var entries = new List<(string, bool)>();
        SftpConnection server = Connect();
        SftpAnswer opened = server.Ask(new SftpRequest(SftpType.OpenDir).Add(path));
        if (opened.Status == SftpStatus.NoSuchFile)
            return entries;
        byte[] handle = Handle($"{Place}: {path}", opened);
        while (true)
        {
            SftpAnswer answer = server.Ask(new SftpRequest(SftpType.ReadDir).Add(handle));
            if (answer.Status == SftpStatus.Eof)
                break;
            if (answer.Type != SftpType.Name)
                throw Refused($"{Place}: {path}", answer);
            SftpReader reader = answer.Reader();
            for (uint left = reader.Number(); left > 0; left--)
            {
                string name = reader.Text();
                reader.Bytes();
                uint mode = reader.Attributes().Mode ?? 0;
                if (name is not ("." or ".."))
                    entries.Add((name, (mode & TypeMask) == FolderMode));
            }
        }
        _ = server.Send(new SftpRequest(SftpType.Close).Add(handle));
        return entries;
    }

    private void Read(string what, string path, long offset, Span<byte> destination)
    {
        Retries.Attempts attempts = retries.Begin(what);
        for (int done = 0; done < destination.Length;)
        {
            int before = done;
            try
            {
                ReadOn(what, path, offset, destination, ref done);
                retries.Worked();
            }
            catch (TransientException e)
            {
                attempts.Failed(e, done - before >= Progress);
            }
        }
    }

    private void ReadOn(string what, string path, long offset, Span<byte> destination, ref int done)
    {
        SftpConnection server = Connect();
        byte[] handle = Handle(what, server.Ask(new SftpRequest(SftpType.Open).Add(path).Add(ForReading).Add(0u)));
        var underWay = new Queue<(Task<SftpAnswer> Answer, int Length)>();
        int asked = done, portion = download.Portion(Portion);
        while (done < destination.Length)
        {
            while (asked < destination.Length && underWay.Count < Window)
            {
                int length = Math.Min(portion, destination.Length - asked);
                underWay.Enqueue((Ask(asked, length), length));
                asked += length;
            }
            (Task<SftpAnswer> answer, int wanted) = underWay.Dequeue();
            while (wanted > 0)
            {
                int count = Take(what, answer.GetAwaiter().GetResult(), offset + done, destination.Slice(done, wanted));
                done += count;
                wanted -= count;
                // A server may give less than was asked for.
                if (wanted > 0)
                    answer = Ask(done, wanted);
            }
        }
        _ = server.Send(new SftpRequest(SftpType.Close).Add(handle));

        Task<SftpAnswer> Ask(int from, int length)
        {
            download.Take(length);
            return server.Send(new SftpRequest(SftpType.Read).Add(handle).Add((ulong)(offset + from)).Add((uint)length));
        }
    }

    private int Take(string what, SftpAnswer answer, long at, Span<byte> destination)
    {
        if (answer.Status == SftpStatus.Eof)
            throw new CorruptException($"{what}: ends before byte {at}, though more must be there");
        if (answer.Type != SftpType.Data)
            throw Refused(what, answer);
        ReadOnlySpan<byte> data = answer.Reader().Bytes();
        if (data.IsEmpty || data.Length > destination.Length)
            throw new TransientException("what it answers is no SFTP");
        data.CopyTo(destination);
        return data.Length;
    }

    private void Write(string what, string path, ReadOnlyMemory<byte> content)
    {
        SftpConnection server = Connect();
        SftpAnswer opened = Open();
        if (opened.Status == SftpStatus.NoSuchFile)
        {
            MakeFolder(path[..path.LastIndexOf('/')]);
            opened = Open();
        }
        byte[] handle = Handle($"{what}: cannot be written", opened);
        var underWay = new Queue<Task<SftpAnswer>>();
        int portion = upload.Portion(Portion);
        for (int done = 0; done < content.Length || underWay.Count > 0;)
        {
            if (done < content.Length && underWay.Count < Window)
            {
                int length = Math.Min(portion, content.Length - done);
                upload.Take(length);
                underWay.Enqueue(server.Send(new SftpRequest(SftpType.Write, length + 512).Add(handle).Add((ulong)done).Add(content.Span.Slice(done, length))));
                done += length;
            }
            else
            {
                RequireOk(what, underWay.Dequeue().GetAwaiter().GetResult());
            }
        }
        if (server.Has(Fsync))
            RequireOk(what, server.Ask(new SftpRequest(SftpType.Extended).Add(Fsync).Add(handle)));
        RequireOk(what, server.Ask(new SftpRequest(SftpType.Close).Add(handle)));

        SftpAnswer Open() => server.Ask(new SftpRequest(SftpType.Open).Add(path).Add(ForWriting | Creates | Truncates).Add(HasMode).Add(0x8180u));
    }

    /// <summary>How a file differs from what it should be; null where it does not.</summary>
    private string? Difference(string what, string path, ReadOnlyMemory<byte> content)
    {
        if (LengthOf(path) is var length && length != content.Length)
            return $"has {length ?? 0} bytes, not {content.Length}";
        var portion = new byte[Math.Min(content.Length, Window * Portion)];
        for (int done = 0; done < content.Length; done += portion.Length)
        {
            Span<byte> there = portion.AsSpan(0, Math.Min(portion.Length, content.Length - done));
            Read(what, path, done, there);
            if (!there.SequenceEqual(content.Span.Slice(done, there.Length)))
                return "differs from what was sent";
        }
        return null;
    }

    /// <summary>The plain request replaces nothing, so without OpenSSH's the old file goes just before.</summary>
    private void Rename(string what, string from, string to)
    {
        SftpConnection server = Connect();
        if (server.Has(PosixRename))
        {
            RequireOk(what, server.Ask(new SftpRequest(SftpType.Extended).Add(PosixRename).Add(from).Add(to)));
            return;
        }
        SftpAnswer answer = server.Ask(new SftpRequest(SftpType.Rename).Add(from).Add(to));
        if (answer.Status == SftpStatus.Failure && LengthOf(to) is not null)
        {
            Delete(to);
            answer = server.Ask(new SftpRequest(SftpType.Rename).Add(from).Add(to));
        }
        RequireOk(what, answer);
    }

    private SftpAnswer Delete(string path) => Connect().Ask(new SftpRequest(SftpType.Remove).Add(path));

    /// <summary>What failed is told already; this is tried once, and otherwise its name says that it is none of the repository's files.</summary>
    private void RemoveLeftover(string path)
    {
        try
        {
            Delete(path);
        }
        catch (Exception e) when (e is JumpbagException or TransientException)
        {
        }
    }

    /// <summary>With those above it.</summary>
    private void MakeFolder(string path)
    {
        if (path.Length == 0 || LengthOf(path) is not null)
            return;
        if (path.LastIndexOf('/') is > 0 and var slash)
            MakeFolder(path[..slash]);
        SftpAnswer answer = Connect().Ask(new SftpRequest(SftpType.MkDir).Add(path).Add(HasMode).Add(0x41C0u));
        // Another thread may have made it meanwhile.
        if (answer.Status != SftpStatus.Ok && LengthOf(path) is null)
            throw Refused($"{Place}: {path}: cannot be made", answer);
    }

    private static byte[] Handle(string what, SftpAnswer answer) => answer.Type == SftpType.Handle ? answer.Reader().Bytes().ToArray() : throw Refused(what, answer);

    private static void RequireOk(string what, SftpAnswer answer)
    {
        if (answer.Status != SftpStatus.Ok)
            throw Refused($"{what}: cannot be written", answer);
    }

    /// <summary>What a status says in a message.</summary>
    private static Exception Refused(string what, SftpAnswer answer) => answer.Status switch
    {
        SftpStatus.NoSuchFile => new NotFoundException($"{what}: is missing"),
        SftpStatus.PermissionDenied => new FailedException($"{what}: permission denied", "log in as the owner of the repository"),
        SftpStatus.Failure => new FailedException($"{what}: the server says 'failure'", "is its disk full, or read-only? The protocol does not tell"),
        SftpStatus.NoConnection or SftpStatus.ConnectionLost => new TransientException("the server lost its connection"),
        { } status => new FailedException($"{what}: the server answers status {(uint)status}"),
        null => new TransientException("what it answers is no SFTP"),
    };

    /// <summary>One failure is thrown as itself.</summary>
    private static void InParallel(int count, Action<int> act)
    {
        try
        {
            Parallel.For(0, count, new() { MaxDegreeOfParallelism = Listings }, act);
        }
        catch (AggregateException e)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.Flatten().InnerExceptions[0]);
        }
    }
}
