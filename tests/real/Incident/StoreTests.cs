using System.Diagnostics;
using System.Globalization;
using System.Text;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Incident;

/// <summary>
/// Journals in a real PostgreSQL server, written by processes of two machines: two state folders. The server writes nothing to its disk before it
/// answers unless it is told to (synchronous_commit=off), so what the store asks of it shows.
/// </summary>
public sealed class StoreTests : IDisposable
{
    /// <summary>
    /// a and b are the two machines; "byhand" verifies a chain without our code: each line has its hash, and follows one above it, or (strictly) the one
    /// right above it.
    /// </summary>
    private const string Begin = """
        on() { local state=$1; shift; JUMPBAG_STATE=$PWD/$state JUMPBAG_FALLBACK=$PWD/fallback "$BIN" incident "$@"; }
        a() { on a "$@"; }; b() { on b "$@"; }
        stored() { psql -XqAt -d "$DB" -c 'SELECT line FROM jumpbag.event ORDER BY journal, number'; }
        byhand() { local line hash prev last; declare -A seen=([$(printf '0%.0s' {1..64})]=1)
          while IFS= read -r line; do
            hash=$(sed 's/,"hash":"[0-9a-f]*"}$//' <<<"$line" | tr -d '\n' | sha256sum | cut -c1-64)
            prev=${line#*'"prev":"'}; prev=${prev:0:64}
            [[ $line == *",\"hash\":\"$hash\"}" && -n ${seen[$prev]} && ( $1 != strictly || -z $last || $prev == $last ) ]] || { echo "broken: $line"; return 1; }
            seen[$hash]=1 last=$hash
          done; echo whole; }
        """ + "\n";

    private readonly TemporaryFolder folder = new();
    private PostgresServer? server;

    public void Dispose()
    {
        server?.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void eight_processes_of_two_machines_write_one_chain()
    {
        ShellResult result = Bash("""
            a open x --store $U -q 2>/dev/null; b use 2 --store $U -q
            for w in 1 2 3 4 5 6 7 8; do (for n in 1 2 3 4 5 6 7 8; do on $([ $w -le 4 ] && echo a || echo b) assume "$w.$n" -q 2>>err || echo failed; done) & done; wait
            cat err >&2; a timeline >/dev/null; b timeline >/dev/null; a timeline >/dev/null
            # Where the machine was too busy for the server to answer in time, there are branches that were merged.
            [ -s err ] && how=loosely || how=strictly
            stored | byhand $how; a assume | tail -n +2 | if [ -s err ]; then awk '{print $NF}'; else awk '{print $1}'; fi | sort -u | wc -l; a verify >v || cat v; b verify >v || cat v
            for m in a b; do cmp <(stored | sort) <(sort $m/incidents/*.ndjson) && echo same; done
            """);
        Assert.Equal("whole\n64\nsame\nsame\n", result.Output);
        TestContext.Current.TestOutputHelper?.WriteLine($"told meanwhile: {result.Errors}");
    }

    [Fact]
    public void no_acknowledged_event_is_lost_by_kill_9_of_writers()
    {
        ShellResult result = Bash("""
            a open x --store $U -q 2>/dev/null; b use 2 --store $U -q
            for n in $(seq 1 40); do m=$([ $((n % 2)) = 0 ] && echo a || echo b)
              JUMPBAG_STATE=$PWD/$m JUMPBAG_FALLBACK=$PWD/fallback "$BIN" incident note "event number $n" --json >ack.$n 2>/dev/null & p=$!
              sleep 0.0$(printf %02d $((RANDOM % 60))); kill -9 $p 2>/dev/null; wait $p 2>/dev/null
            done
            a note end -q; b note end -q; a timeline >/dev/null; stored >all; lost=0 acked=0
            for n in $(seq 1 40); do
              if [ -s ack.$n ] && [ "$(tail -c1 ack.$n | od -An -c | tr -d ' ')" = '\n' ]; then acked=$((acked+1)); grep -qF "$(cat ack.$n)" all || lost=$((lost+1)); fi
            done
            echo "lost $lost"; a verify >v || cat v; b verify >v || cat v; sort all | uniq -d | wc -l; echo "$acked" >&2
            """);
        Assert.Equal("lost 0\n0\n", result.Output);
        TestContext.Current.TestOutputHelper?.WriteLine($"acknowledged before they were killed: {result.Errors}");
    }

    [Fact]
    public async Task no_acknowledged_event_is_lost_by_kill_9_of_the_server()
    {
        Start();
        Bash("a open x --store $U -q 2>/dev/null; b use 2 --store $U -q");
        Task<ShellResult> writers = Task.Run(() => Bash("""
            for w in 1 2 3 4; do (m=$([ $w -le 2 ] && echo a || echo b); n=0; while [ ! -e stop ]; do n=$((n+1)); on $m note "$w.$n" --json >>ack.$w 2>>err || echo failed; done) & done; wait
            """), TestContext.Current.CancellationToken);
        for (int i = 0; i < 4; i++)
        {
            await Task.Delay(800 + Random.Shared.Next(1500), TestContext.Current.CancellationToken);
            server!.Kill();
            await Task.Delay(Random.Shared.Next(500), TestContext.Current.CancellationToken);
            server.StartAgain();
        }
        await Task.Delay(500, TestContext.Current.CancellationToken);
        File.WriteAllText(folder.File("stop"), "");
        Assert.Equal("", (await writers).Output);
        ShellResult result = Bash("""
            sleep 10; a timeline >/dev/null; b timeline >/dev/null; a timeline >/dev/null; stored >all; lost=0
            cat ack.* | sort >acked; sort all >sorted; comm -23 acked sorted | wc -l; uniq -d sorted | wc -l
            a verify --json >v || cat v; b verify --json >v || cat v; b timeline --json | sort | cmp - sorted; a timeline --json | sort | cmp - sorted
            grep -c 'is saved in' err >&2; wc -l <acked >&2
            """);
        Assert.Equal("0\n0\n", result.Output);
        string[] counts = result.Errors.TrimEnd().Split('\n');
        Assert.True(int.Parse(counts[0], CultureInfo.InvariantCulture) > 0, "the server was never missed");
        TestContext.Current.TestOutputHelper?.WriteLine($"saved in the file while the server was down: {counts[0]} of {counts[1]}");
    }

    [Fact]
    public void while_the_server_is_away_the_file_goes_on_and_the_store_catches_up()
    {
        Bash("a open x --store $U -q 2>/dev/null; b use 2 --store $U -q");
        server!.Kill();
        ShellResult away = Bash("""
            a note alone; b assume 'also alone' -q 2>/dev/null; b fact 'and more' -q 2>/dev/null; a | tail -1 | grep -o '[0-9]* events'; b verify; echo $?
            """);
        Assert.Matches(@"^alone\n3 events\n\S+: 4 events, each as it was written\nhead \S+\n[^\n]*\n3\n$", away.Output);
        Assert.Matches(@"^warning: postgres://postgres@/store: [^\n]*: the event is saved in \S+/a/incidents/\S+\.ndjson\nhint: it is merged[^\n]*\n", away.Errors);
        server.StartAgain();
        ShellResult back = Bash("""
            b note back; a note 'here too'; b timeline | sed 's/^.*  //'; a timeline >/dev/null; a verify | head -2; b verify | head -2; cmp <(sort a/incidents/*.ndjson) <(sort b/incidents/*.ndjson); cmp <(stored | sort) <(sort b/incidents/*.ndjson) && echo same
            """);
        Assert.Contains("postgres://postgres@/store: 2 events of this machine put into it\n", back.Errors, StringComparison.Ordinal);
        Assert.Contains("alone\n", back.Output, StringComparison.Ordinal);
        Assert.Contains("A1 assumption: also alone\n", back.Output, StringComparison.Ordinal);
        Assert.EndsWith("each as it was written\nsame\n", back.Output, StringComparison.Ordinal);
    }

    /// <summary>The server is there and says nothing: worse than one that is away.</summary>
    [Fact]
    public void a_server_that_hangs_costs_a_command_seconds_once()
    {
        Bash("a open x --store $U -q 2>/dev/null; echo >d.sql");
        string all = Shell.Run("bash", "-c", "echo $1 $(pgrep -P $1)", "bash", server!.ProcessId.ToString(CultureInfo.InvariantCulture)).TrimEnd();
        Shell.Run("bash", "-c", $"kill -STOP {all}");
        try
        {
            long begin = Stopwatch.GetTimestamp();
            ShellResult first = Bash("JUMPBAG_STATE=$PWD/a jumpbag load --list -q d.sql");
            double once = Stopwatch.GetElapsedTime(begin).TotalSeconds;
            Assert.Contains("is saved in", first.Errors, StringComparison.Ordinal);
            begin = Stopwatch.GetTimestamp();
            Bash("for n in 1 2 3; do JUMPBAG_STATE=$PWD/a jumpbag load --list -q d.sql 2>/dev/null; done");
            double later = Stopwatch.GetElapsedTime(begin).TotalSeconds;
            TestContext.Current.TestOutputHelper?.WriteLine($"the first command {once:0.00} s, three more {later:0.00} s");
            Assert.InRange(once, 0, 5);
            Assert.InRange(later, 0, 3.5);
        }
        finally
        {
            Shell.Run("bash", "-c", $"kill -CONT {all}");
        }
        Assert.Matches(@"^\S+ 10 events, each as it was written\npostgres://postgres@/store: 10 events", Bash("sleep 10; a timeline >/dev/null 2>&1; a verify").Output);
    }

    [Fact]
    public void a_row_that_was_changed_taken_out_or_cut_off_is_found()
    {
        ShellResult result = Bash("""
            q() { psql -XqAt -d $DB -c "$1" 2>&1; }; evil() { q "SET client_min_messages = warning; SET session_replication_role = replica; ALTER TABLE jumpbag.event DROP CONSTRAINT IF EXISTS event_check; $1"; }
            a open x --store $U -q 2>/dev/null; for n in 1 2 3 4 5 6; do a note "note $n" -q; done
            q "UPDATE jumpbag.event SET line = line || ' '"; q "DELETE FROM jumpbag.event"; q "TRUNCATE jumpbag.event"
            q "INSERT INTO jumpbag.event (journal, number, hash, line) SELECT journal, 99, repeat('0', 64), replace(line, hash, repeat('0', 64)) FROM jumpbag.event WHERE number = 3"
            evil "UPDATE jumpbag.event SET line = replace(line, 'note 2', 'note 9') WHERE number = 4"; a verify; echo "status $?"
            evil "UPDATE jumpbag.event SET line = replace(line, 'note 9', 'note 2') WHERE number = 4"; a verify >/dev/null; echo "status $?"
            evil "DELETE FROM jumpbag.event WHERE number = 5"; a verify; echo "status $?"
            evil "DELETE FROM jumpbag.event WHERE number > 6"; a verify | tail -1; a note 'goes on'
            """);
        Assert.Matches(@"^(ERROR:  events are only ever added\n[^\n]*\n){3}ERROR:  new row for relation ""event"" violates check constraint[^\n]*\nDETAIL[^\n]*\nstatus 1\nstatus 0\nstatus 1\ngoes on\n$", result.Output);
        Assert.Contains("postgres://postgres@/store: line 4: was changed: its hash is not that of its content", result.Errors, StringComparison.Ordinal);
        Assert.Contains("postgres://postgres@/store: line 5: the event before it is missing", result.Errors, StringComparison.Ordinal);
        Assert.Contains("postgres://postgres@/store: 3 events that it had", result.Errors, StringComparison.Ordinal);
        Assert.Contains("which this machine kept and put back", result.Errors, StringComparison.Ordinal);
    }

    /// <summary>The role of the manual: it may add and read, and nothing else.</summary>
    [Fact]
    public void a_role_that_may_only_add_and_read_is_enough()
    {
        Start();
        string manual = File.ReadAllText(Path.Combine(VirtualMachine.Repository, "docs/manual/incident-journal.md"));
        string grants = string.Join('\n', manual.Split('\n').Select(line => line.Trim()).Where(line => line.StartsWith("CREATE ROLE", StringComparison.Ordinal) || line.StartsWith("GRANT", StringComparison.Ordinal)));
        File.WriteAllText(folder.File("grants.sql"), grants);
        ShellResult result = Bash("""
            a open 'made by the owner' --store $U -q 2>/dev/null; psql -XqAt -d $DB -f grants.sql
            R=postgres://oncall@/$DB; b list --store $R | tail -1 | sed 's/^.* //'; b use 2 --store $R -q; b note 'by oncall' -q; b open y --store $R -q 2>/dev/null; b verify | sed -n 2p
            for s in "UPDATE jumpbag.event SET line = ''" "DELETE FROM jumpbag.event" "TRUNCATE jumpbag.event" "UPDATE jumpbag.store SET format = 2"; do psql -XqAt -U oncall -d $DB -c "$s" 2>&1; done
            createdb empty; b open z --store postgres://oncall@/empty -q
            """);
        Assert.Matches(@"^owner\npostgres://oncall@/store: 2 events, each as it was written\n(ERROR:  permission denied for table \w+\n){4}$", result.Output);
        Assert.Matches(@"postgres://oncall@/empty: [^\n]*permission denied[^\n]*the role needs SELECT and INSERT[^\n]*: the event is saved in", result.Errors);
    }

    [Fact]
    public void passwords_are_in_no_file_of_ours_and_in_no_list_of_processes()
    {
        Start("password_encryption=scram-sha-256");
        File.WriteAllText(folder.File("hba"), "local all keeper scram-sha-256\nlocal all all trust\n");
        ShellResult result = Bash("""
            psql -Xqd $DB -c 'SET synchronous_commit = on' -c "CREATE ROLE keeper LOGIN PASSWORD 's3cretword'" -c "GRANT CREATE ON DATABASE $DB TO keeper" -c "ALTER SYSTEM SET hba_file = '$PWD/hba'" 2>&1; chmod 755 . ; chmod 644 hba
            """);
        Assert.Equal("", result.Output);
        server!.Kill();
        server.StartAgain();
        result = Bash("""
            a open x --store postgres://keeper:s3cretword@/$DB; echo "status $?"
            echo "*:*:$DB:keeper:s3cretword" >pass; chmod 600 pass
            PGPASSFILE=pass a open x --store postgres://keeper@/$DB -q 2>/dev/null; PGPASSFILE=pass a note one -q; a note 'no password' -q
            export JUMPBAG_STORE=postgres://keeper:s3cretword@/$DB; a note two -q; b list | wc -l; b use 2 -q; b open y -q 2>/dev/null; b run -- sh -c 'ps -C jumpbag -o args | grep -c s3cret[w]ord'
            a verify | sed -n 2p; grep -rl s3cretword a b fallback 2>/dev/null; cat a/incidents/*.store | head -1
            """);
        TestContext.Current.TestOutputHelper?.WriteLine(result.Errors);
        Assert.Equal("status 2\n2\n0\npostgres://keeper@/store: 5 events, each as it was written\npostgres://keeper@/store\n", result.Output);
        Assert.Contains("jumpbag: --store: everyone on this machine who lists processes can read a password in it\nhint: ", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cretword", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void what_another_machine_writes_is_seen_at_once()
    {
        ShellResult result = Bash("""
            a open x --store $U -q 2>/dev/null; b use 2 --store $U -q
            JUMPBAG_STATE=$PWD/b "$BIN" incident timeline --follow --json >seen 2>err & p=$!; sleep 1.5
            for n in 1 2 3 4 5; do a note "number $n" -q; t0=$(date +%s%N); until grep -q "number $n" seen; do sleep 0.01; [ $(( ($(date +%s%N) - t0) / 1000000 )) -gt 5000 ] && break; done; echo $(( ($(date +%s%N) - t0) / 1000000 )); done
            kill -TERM $p; wait $p; echo "status $?"; wc -l <seen
            JUMPBAG_STATE=$PWD/b "$BIN" board --listen 127.0.0.1:0 >url 2>err & p=$!; for n in $(seq 1 100); do [ -s url ] && break; sleep 0.1; done; sleep 0.5
            a note 'for the board' -q; for n in $(seq 1 50); do grep -q 'for the board' b/incidents/*.ndjson && echo seen && break; sleep 0.1; done; kill -TERM $p; wait $p; cat err >&2
            """);
        string[] lines = result.Output.TrimEnd().Split('\n');
        Assert.Equal(["status 130", "7", "seen"], lines[5..]);
        TestContext.Current.TestOutputHelper?.WriteLine($"ms until another machine saw an event: {string.Join(", ", lines[..5])}");
        Assert.All(lines[..5], line => Assert.InRange(int.Parse(line, CultureInfo.InvariantCulture), 0, 1500));
    }

    [Fact]
    public void every_verb_works_on_a_machine_that_has_only_the_store()
    {
        ShellResult result = Bash("""
            a open 'replica lag on db3' --store $U -q 2>/dev/null; a task 'fix the cable' --owner ben --due +2h --follow-up -q; a open --drill practice --store $U -q 2>/dev/null; a close done -q 2>/dev/null; a use 2 -q
            export JUMPBAG_STORE=$U
            b list | awk 'NR>1{print $1, $3}' | sed 's/^[0-9-]*//'; b list --drills | wc -l; b search replica lag | head -1 | sed 's/^[0-9-]*//'; b actions | tail -1 | awk '{print $1}'; b | head -1
            b export 2 | cmp - a/incidents/*replica*.ndjson && echo exported
            b verify 2 | sed -n 2p; b use 2 -q; unset JUMPBAG_STORE; b triage db3 red --why 'lags' -q; a | grep -c red; b review | head -1; b export >e.ndjson; JUMPBAG_STATE=$PWD/c "$BIN" incident merge e.ndjson | sed 's/^[0-9-]*//'
            JUMPBAG_STATE=$PWD/c "$BIN" incident note 'from c, a file alone' -q; JUMPBAG_STATE=$PWD/c "$BIN" incident --store $U | tail -1 | grep -o 'and postgres.*'; a timeline | grep -c 'from c'
            a close 'cable replaced' -q 2>/dev/null; b 2>&1 | sed -n 4p; b close again; b reopen --why 'not yet' -q; a list | grep -c OPEN; a use 2 -q
            b --store none | tail -1 | grep -c postgres; b note 'file only' -q; a timeline | grep -c 'file only'; b --store $U >/dev/null; a timeline | grep -c 'file only'
            """);
        Assert.Equal("""
            replica-lag-on-db3 OPEN
            3
            replica-lag-on-db3  severity 3, OPEN: replica lag on db3
            T1
            No incident is open. 'jumpbag incident open TITLE' opens one.
            exported
            postgres://postgres@/store: 3 events, each as it was written
            1
            # replica lag on db3
            replica-lag-on-db3: 4 new events
            and postgres://postgres@/store
            1
            """ + "\n", string.Join('\n', result.Output.Split('\n')[..12]) + "\n");
        Assert.EndsWith("\n1\n0\n0\n1\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("is closed already", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void a_database_that_cannot_keep_every_letter_is_refused_and_a_newer_store_too()
    {
        ShellResult result = Bash("""
            createdb -E LATIN1 -T template0 latin; a open x --store postgres://postgres@/latin -q; a open 'y 日本 𝄞 \\ '"'"' "q" %s' --store $U -q 2>/dev/null; stored | cmp - a/incidents/*-y-*.ndjson && echo bytes
            psql -Xqd $DB -c 'UPDATE jumpbag.store SET format = 2'; a note x -q
            psql -Xqd $DB -c "UPDATE jumpbag.store SET format = 1" -c "ALTER DATABASE $DB SET standard_conforming_strings = off" -c "ALTER DATABASE $DB SET client_encoding = 'LATIN1'" -c "ALTER DATABASE $DB SET default_transaction_isolation = 'serializable'" -c "ALTER DATABASE $DB SET default_transaction_read_only = on"
            a note 'back\slash é 日本' -q; PGOPTIONS='-c client_encoding=UTF8' stored | cmp - a/incidents/*-y-*.ndjson && echo bytes
            """);
        Assert.Equal("bytes\nbytes\n", result.Output);
        Assert.Contains("the database's encoding is LATIN1 (a store needs one made with: createdb", result.Errors, StringComparison.Ordinal);
        Assert.Contains("the store's format is 2, and this version knows 1", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void ten_thousand_events_come_from_the_store_in_seconds_and_then_only_what_is_new()
    {
        Start();
        var author = new Author("anna", 1000, "login");
        Entry last = EntryLine.After(null, null, author, "db3", new Opened(1, "2026-11-27-big", "big", 2, false, 60));
        using (var file = File.CreateText(folder.File("big.ndjson")))
        {
            for (int i = 1; i <= 10_000; last = EntryLine.After(last, null, author, "db3", i % 10 == 1 ? new Triaged($"host{i % 50}", (TriageTag)(i % 5), "why") : new Noted($"a note of usual length, number {i}, which says what was seen")), i++)
                file.Write(Encoding.UTF8.GetString(last.Line.Span) + "\n");
        }
        ShellResult result = Bash("""
            t() { local t0=$(date +%s%N); "${@:2}" >out 2>err || cat out err; echo "$1 $(( ($(date +%s%N) - t0) / 1000000 ))"; }
            a merge big.ndjson -q >/dev/null
            t 'ms to put 10000 events into the store:' a --store $U; grep -c 'events of this machine put into it' err
            t 'ms for the first copy:' b use 2026-11-27-big --store $U; t 'ms for incident:' b; t 'ms for a note:' b note x; t 'ms for incident with one new event:' a; grep -c '10001 events' out; t 'ms to verify both:' a verify
            """);
        TestContext.Current.TestOutputHelper?.WriteLine(result.Output);
        string[] lines = result.Output.TrimEnd().Split('\n');
        Assert.Equal(8, lines.Length);
        Assert.Equal(("1", "1"), (lines[1], lines[6]));
        Assert.All(lines.Where(line => line.StartsWith("ms ", StringComparison.Ordinal)), line => Assert.InRange(int.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture), 0, 8000));
    }

    private void Start(params string[] settings)
    {
        PostgresServer.Require();
        if (server is not null)
            return;
        server = new(false, settings);
        Shell.Run("createdb", [.. server.ClientOptions, "store"]);
    }

    private ShellResult Bash(string script)
    {
        Start();
        return JumpbagProgram.Bash(folder.Path, $"export PGHOST={server!.Folder} PGPORT={server.Port} PGUSER=postgres DB=store U=postgres://postgres@/store\n" + Begin + script);
    }
}
