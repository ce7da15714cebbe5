using System.Globalization;
using Jumpbag.CommandLine;
using Jumpbag.Core;
using Jumpbag.Core.Events;
using Jumpbag.Databases.Dumps;
using Jumpbag.Databases.Dumps.Input;
using Jumpbag.Databases.Loading;
using Jumpbag.Databases.Loading.Postgres;
using Jumpbag.Databases.Servers;
using Jumpbag.Host;

namespace Jumpbag.Loading;

/// <summary>One run of jumpbag load: looks through the dump, checks the server, loads, and tells what came of it.</summary>
internal sealed class LoadRun(string[] dumps, ServerAddress address, LoadOptions options, string? spool, Session session)
{
    public int Run(bool dryRun)
    {
        try
        {
            address = LoginCheck.Try(address, prompt => Console.IsErrorRedirected ? null : TerminalPrompt.AskHidden(prompt));
        }
        catch (ConnectionLostException e)
        {
            throw Lost(e, begun: false);
        }
        CancellationToken cancelled = session.CatchSignals();
        string? kept = null;
        if (spool is not null && Array.IndexOf(dumps, "-") is >= 0 and var pipe)
            dumps[pipe] = kept = Spool.Keep(spool, session.Events, cancelled);
        try
        {
            int status = Load(dryRun, cancelled);
            if (kept is not null)
                File.Delete(kept);
            return status;
        }
        catch (Exception) when (kept is not null)
        {
            session.Events(new Warning($"the dump is kept in {kept}", "load it from there; remove it when it is done with"));
            throw;
        }
    }

    private int Load(bool dryRun, CancellationToken cancelled)
    {
        using DumpInput input = Open();
        CheckDialect(input.Dialect);
        GlanceAtEnds(input);
        DumpIndex? index = null;
        var identity = new LoadIdentity(input.Files, options);
        if (input.Files.All(file => file.IsRegular))
        {
            using DumpInput looked = Open();
            index = Survey(looked, cancelled);
            identity = new(looked.Files, options);
        }
        if (index is null)
            session.Events(new Warning("the dump comes through a pipe: whether it is whole shows only at its end", "load the file itself, or keep it with --spool DIR first"));
        else
            CheckTails(input, index.Tails);
        if (index is not null)
            Choice.Check(options, index, input.Dialect);
        bool begun = false;
        try
        {
            using ILoad load = address.Kind == ServerKind.MariaDb
                ? new MySqlLoad(address, options, index, identity, session.Events, cancelled)
                : new PostgresLoad(address, options, index, identity.Hash, cancelled);
            if (index is not null)
            {
                Choice.CheckNames(load, index);
                load.CheckTarget(index);
            }
            if (dryRun)
                return Tell(load, index);
            begun = true;
            // From here on somebody may wait: already the first table may meet a lock.
            using var monitor = new LoadMonitor(load, index, session.Events);
            load.Begin();
            using var reader = new DumpReader(input, new() { PieceSize = options.BatchSize });
            while (reader.Read() is { } statement)
                load.Handle(statement);
            if (reader.Tails is [.., { State: DumpTailState.Truncated } cut] && options.OnError == OnError.Stop)
                return BrokenOff(load, input, cut);
            if (index is null)
                CheckTails(input, reader.Tails);
            load.Finish();
            monitor.Dispose();
            return Report(load, input);
        }
        catch (Exception e) when (e is OperationCanceledException or ConnectionLostException && cancelled.IsCancellationRequested)
        {
            // A connection that is in the middle of something is aborted, and then says so.
            if (begun)
                session.Events(new Warning("interrupted; what was committed stays", "--resume goes on from there"));
            throw new OperationCanceledException(cancelled);
        }
        catch (ConnectionLostException e)
        {
            throw Lost(e, begun);
        }
    }

    private FailedException Lost(ConnectionLostException e, bool begun) =>
        new(e.Message, begun || options.Resume ? "what was committed stays; when the server is back, --resume goes on from there" : "nothing was changed; is the server running?", e);

    private DumpInput Open() => DumpInput.Open(dumps, otherwise: address.Kind == ServerKind.Postgres ? Dialect.Postgres : Dialect.MariaDb, intoOne: options.Database is not null);

    private void CheckDialect(Dialect dialect)
    {
        bool postgres = dialect == Dialect.Postgres;
        if (postgres != (address.Kind == ServerKind.Postgres))
            throw new UnsupportedException($"the dump is {(postgres ? "PostgreSQL's" : "MariaDB's or MySQL's")} and {address} is not", "name a server of the dump's kind");
    }

    /// <summary>Goes through the dump once, at the speed of memory: what is in it, and whether it is whole.</summary>
    private DumpIndex Survey(DumpInput input, CancellationToken cancelled)
    {
        foreach (DumpFile file in input.Files)
            file.Fingerprint = new();
        Action progress = DumpProgress.Step(input, "looking through the dump", session);
        return DumpIndex.Read(input, step: () =>
        {
            cancelled.ThrowIfCancellationRequested();
            progress();
        });
    }

    /// <summary>Of plain files the last bytes tell at once what most dumps that are cut lack.</summary>
    private void GlanceAtEnds(DumpInput input)
    {
        if (options.OnError == OnError.Stop && input.Metadata is null)
            for (int i = 0; i < input.Files.Count; i++)
                if (DumpEnd.Glance(input.Files[i], i) is { State: DumpTailState.Truncated } tail)
                    throw IsCut(input, tail, "jumpbag load --list shows what is whole in it");
    }

    private void CheckTails(DumpInput input, IReadOnlyList<DumpTail> tails)
    {
        foreach (DumpTail tail in tails)
        {
            string name = input.Files[tail.File].Name;
            if (tail.State == DumpTailState.Truncated && options.OnError == OnError.Stop)
                throw IsCut(input, tail, "get a whole copy");
            if (tail.State == DumpTailState.Truncated)
                session.Events(new FileDamaged(name, new($"cut off: {tail.Why}", tail.Offset)));
            else if (tail.State == DumpTailState.NoTrailer)
                session.Events(new Warning($"{name}: {tail.Why}"));
        }
    }

    private static CorruptException IsCut(DumpInput input, DumpTail tail, string hint) =>
        new($"{input.Files[tail.File].Name} is cut off at byte {tail.Offset}: {tail.Why}", $"nothing was loaded; {hint}, or load what there is with --on-error skip");

    /// <summary>A dump that came through a pipe shows at its end that it is cut.</summary>
    private int BrokenOff(ILoad load, DumpInput input, DumpTail cut)
    {
        load.Settle();
        session.Events(new SourceFailed(input.Files[cut.File].Name, $"cut off at byte {cut.Offset}: {cut.Why}",
            "--resume with the whole dump goes on; --resume --on-error skip with this one makes do with what there is"));
        session.Events(new Warning(string.Create(CultureInfo.InvariantCulture, $"{load.Progress.Rows:#,0} rows are loaded; the last ones, and what is made at the end (indexes, foreign keys, triggers, views), are not there yet")));
        return ExitStatus.Partial;
    }

    private int Tell(ILoad load, DumpIndex? index)
    {
        if (index is null)
            throw new UnsupportedException("what a pipe holds is not known before it is read", "name the file, or keep it first with --spool DIR");
        foreach (DumpObject found in index.Objects.Where(load.Wants))
            session.Out.WriteLine($"{found.Type.ToString().ToLowerInvariant()} {(load.DatabaseOnServer(found) is { } database ? $"{database}." : "")}{load.OnServer(found)}{(found.Type == DumpObjectType.Table ? $", {found.Rows} {(found.Rows == 1 ? "row" : "rows")}" : "")}");
        return session.Status;
    }

    private int Report(ILoad load, DumpInput input)
    {
        DumpHeader header = DumpHeader.Parse(input.Files[0].PlainHead.Span);
        foreach ((string rule, int count) in load.Report.LeftOut)
            session.Events(new Status("left out", $"{rule} ({count} {(count == 1 ? "statement" : "statements")})"));
        foreach (string pattern in load.Unmatched)
            session.Events(new Warning($"nothing in the dump is called {pattern}"));
        foreach (string skipped in load.Report.Skipped)
            session.Events(new SourceFailed("skipped", skipped));
        foreach (string note in load.Report.Notes)
            session.Events(new Warning(note));
        LoadProgress done = load.Progress;
        session.Events(new BytesMoved(done.Bytes));
        session.Events(new Status("loaded", string.Create(CultureInfo.InvariantCulture,
            $"{done.Rows:#,0} {(done.Rows == 1 ? "row" : "rows")} of {load.Tables.Count} {(load.Tables.Count == 1 ? "table" : "tables")}, {ByteSize.Format(done.Bytes)} in {done.Elapsed.TotalSeconds:0.0} s")));
        if ((input.Metadata?.BinlogFile ?? header.BinlogFile) is { } log && (input.Metadata?.BinlogPosition ?? header.BinlogPosition) is { } position)
            session.Events(new Status("what came after the dump", $"mariadb-binlog --start-position={position} {log} … | mariadb replays it, from the binary logs of the server that was dumped"));
        return load.Report.Skipped.Count > 0 ? ExitStatus.Partial : session.Status;
    }
}
