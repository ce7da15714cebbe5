using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Cli;

/// <summary>What is acknowledged is there afterwards, whatever happens to the process and the disk; and notifications arrive.</summary>
public sealed class IncidentJournalTests : IDisposable
{
    private const string Begin = "export JUMPBAG_STATE=$PWD/state JUMPBAG_FALLBACK=$PWD/fb1:$PWD/fb2; i() { jumpbag incident \"$@\"; }\n";

    /// <summary>Verifies the chain without our code: sha256sum of each line, and its prev is the line above.</summary>
    private const string VerifyByHand = """
        byhand() { local prev=$(printf '0%.0s' {1..64}) line hash n=0
          while IFS= read -r line; do n=$((n+1))
            hash=$(sed 's/,"hash":"[0-9a-f]*"}$//' <<<"$line" | tr -d '\n' | sha256sum | cut -c1-64)
            [[ $line == *",\"hash\":\"$hash\"}" && $line == *"\"prev\":\"$prev\""* ]] || { echo "line $n"; return 1; }
            prev=$hash
          done <"$1"; echo whole; }

        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void no_acknowledged_event_is_lost_by_kill_9()
    {
        ShellResult result = Bash(VerifyByHand + """
            i open x -q 2>/dev/null
            for n in $(seq 1 60); do
              "$BIN" incident note "event number $n" --json >ack.$n 2>/dev/null & p=$!
              sleep 0.0$(printf %02d $((RANDOM % 25))); kill -9 $p 2>/dev/null; wait $p 2>/dev/null
            done
            lost=0 acked=0
            for n in $(seq 1 60); do
              if [ -s ack.$n ] && [ "$(tail -c1 ack.$n | od -An -c | tr -d ' ')" = '\n' ]; then acked=$((acked+1)); grep -qF "$(cat ack.$n)" state/incidents/*.ndjson || lost=$((lost+1)); fi
            done
            i note end -q; i verify >verified || cat verified; echo "lost $lost"; byhand state/incidents/*.ndjson; echo "$acked" >&2
            """);
        Assert.Equal("lost 0\nwhole\n", result.Output);
        TestContext.Current.TestOutputHelper?.WriteLine($"acknowledged before they were killed: {result.Errors}");
    }

    [Fact]
    public void no_acknowledged_event_is_lost_on_a_full_disk()
    {
        Require.Root();
        Require.Tool("mount");
        ShellResult result = Bash(VerifyByHand + """
            mkdir small fb1 fb2; mount -t tmpfs -o size=64k none small || exit 77; mount -t tmpfs -o size=40k none fb1; mount -t tmpfs -o size=40k none fb2
            trap 'umount small fb1 fb2' EXIT
            export JUMPBAG_STATE=$PWD/small
            i open x -q 2>/dev/null
            pad=$(head -c 3000 /dev/zero | tr '\0' x); acked=0
            for n in $(seq 1 300); do
              if i note "event $n $pad" --json >ack.$n 2>err; then acked=$((acked+1)); grep -q 'is saved in' err && touch fell; else rm ack.$n; grep -q 'could not be saved' err || cat err; touch refused; break; fi
            done
            ls fell refused
            all() { lost=0; for a in ack.*; do grep -qF "$(cat $a)" small/incidents/*.ndjson fb?/*/*.ndjson || lost=$((lost+1)); done; echo "lost $lost"; }
            all; i verify >/dev/null; echo "verify $?"
            mount -o remount,size=4m small; i note room -q 2>/dev/null; all; i verify >/dev/null; echo "verify $?"; ls fb1/*/*.ndjson fb2/*/*.ndjson 2>/dev/null; byhand small/incidents/*.ndjson
            """);
        Assert.SkipWhen(result.Status == 77, "needs tmpfs");
        Assert.Equal("fell\nrefused\nlost 0\nverify 0\nlost 0\nverify 0\nwhole\n", result.Output);
    }

    [Fact]
    public void eight_processes_write_one_chain()
    {
        ShellResult result = Bash(VerifyByHand + """
            i open x -q 2>/dev/null
            for w in 1 2 3 4 5 6 7 8; do (for n in 1 2 3 4 5 6 7 8 9 10 11 12; do "$BIN" incident assume "$w.$n" -q || echo failed; done) & done; wait
            i verify | head -1; byhand state/incidents/*.ndjson; i assume | tail -n +2 | awk '{print $1}' | sort -u | wc -l
            """);
        Assert.Matches(@"^\S+: 98 events, each as it was written\nwhole\n96\n$", result.Output);
    }

    [Fact]
    public void a_read_only_root_leads_to_a_fallback_that_is_merged_later()
    {
        Require.Root();
        Require.Tool("mount");
        ShellResult result = Bash("""
            mkdir root fb1; mount -t tmpfs none root || exit 77
            trap 'umount root' EXIT
            export JUMPBAG_STATE=$PWD/root/state
            mount -o remount,ro root
            i open 'never writable' -q 2>err; grep -c 'read-only file system: the event is saved in .*/fb1/' err
            i | head -1; echo >d.sql; jumpbag load --list -q d.sql >/dev/null 2>&1; ls root
            mount -o remount,rw root
            i note now 2>err >/dev/null; grep -c 'events of a fallback merged' err; i timeline | wc -l; i verify >/dev/null; echo $?; find fb1 -name '*.ndjson' | wc -l
            mount -o remount,ro root
            i note later 2>err; grep -c 'read-only' err; mount -o remount,rw root; i note again -q 2>/dev/null; i verify | head -1
            """);
        Assert.SkipWhen(result.Status == 77, "needs tmpfs");
        Assert.Matches(@"^2\n\S+: never writable\n1\n5\n0\n0\nlater\n1\n\S+: 7 events, each as it was written\n$", result.Output);
    }

    [Fact]
    public void journalling_never_fails_a_command()
    {
        ShellResult result = Bash("""
            echo >fb1; echo >fb2; mkdir -p state/incidents; ln -s $PWD/nowhere/i.ndjson state/incidents/current
            printf 'CREATE TABLE t (a int);\n' >d.sql; jumpbag load --list -q d.sql | wc -l
            """);
        Assert.Equal("2\n", result.Output);
        Assert.Matches("^warning: not written into the incident's journal: [^\n]*\nhint: [^\n]*\n$", result.Errors);
    }

    [Fact]
    public void progress_of_a_running_command_is_shown_and_one_that_was_killed_is_told()
    {
        ShellResult result = Bash("""
            i open x -q 2>/dev/null
            "$BIN" incident run -- sleep 30 & p=$!; sleep 1; i | grep Running; kill -9 $p; wait $p 2>/dev/null; i | grep Running
            """);
        Assert.Matches(@"^Running   \$ sleep 30  \(\S+ here, for \d+ s\)\nRunning   \$ sleep 30  ENDED without a word[^\n]*\n$", result.Output);
    }

    [Fact]
    public void progress_of_a_pipe_is_shown_where_no_terminal_is()
    {
        ShellResult result = Bash("i open x -q 2>/dev/null; (head -c 1M /dev/zero; sleep 5) | \"$BIN\" pipe -s 4M 2>&1 >/dev/null & sleep 3; i | grep Running; wait");
        Assert.Matches(@"^Running   \$ jumpbag pipe -s 4M  25% [^\n]*\n$", result.Output);
    }

    [Fact]
    public async Task a_webhook_gets_what_was_written_also_when_it_is_down_at_first()
    {
        using var listener = new HttpListener();
        int port = 20000 + Random.Shared.Next(20000);
        listener.Prefixes.Add($"http://127.0.0.1:{port}/hook/");
        listener.Start();
        var bodies = new List<string>();
        Task server = Task.Run(async () =>
        {
            for (int i = 0; i < 3; i++)
            {
                HttpListenerContext context = await listener.GetContextAsync();
                using var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8);
                bodies.Add(await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
                context.Response.StatusCode = i == 0 ? 503 : 200;
                context.Response.Close();
            }
        }, TestContext.Current.CancellationToken);
        ShellResult result = Bash($"i notify add --webhook http://127.0.0.1:{port}/hook/s3cret -q; i notify add --command 'printf %s \"$1\" >told' --on note -q; i open 'db <b>' -q 2>/dev/null; i note 'no hook but the command' -q; i phase bleeding --done 'x' -q; i notify");
        Assert.Contains("webhook http://127.0.0.1:", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", result.Output, StringComparison.Ordinal);
        await server.WaitAsync(TimeSpan.FromSeconds(40), TestContext.Current.CancellationToken);
        string[] types = [.. bodies.Select(body => JsonDocument.Parse(body).RootElement.GetProperty("event").GetProperty("type").GetString()!)];
        Assert.Equal(["open", "open", "phase"], types.Order(StringComparer.Ordinal));
        Assert.Matches(@"^\[\S+-db-b\] \S+: incident opened: db <b>", JsonDocument.Parse(bodies.First(body => body.Contains("\"open\"", StringComparison.Ordinal))).RootElement.GetProperty("text").GetString());
        ShellResult told = Bash("for n in $(seq 1 100); do [ -s told ] && [ $(ls state/notify/*.json 2>/dev/null | wc -l) = 0 ] && break; sleep 0.1; done; cat told; ls state/notify/*.json 2>/dev/null | wc -l");
        Assert.Matches(@"no hook but the command0\n$", told.Output);
    }

    /// <summary>With a certificate of an authority that only SSL_CERT_FILE names; the server is .NET's TLS, not ours.</summary>
    [Fact]
    public async Task a_webhook_over_https_is_trusted_only_where_its_certificate_is()
    {
        Require.Tool("openssl");
        Shell.Run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", folder.File("key.pem"), "-out", folder.File("cert.pem"));
        using X509Certificate2 pem = X509Certificate2.CreateFromPemFile(folder.File("cert.pem"), folder.File("key.pem"));
        using X509Certificate2 certificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var requests = new ConcurrentQueue<string>();
        using var stop = new CancellationTokenSource();
        Task server = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                using TcpClient client = await listener.AcceptTcpClientAsync(stop.Token);
                using var tls = new SslStream(client.GetStream());
                try
                {
                    await tls.AuthenticateAsServerAsync(certificate);
                    using var reader = new StreamReader(tls, Encoding.UTF8);
                    string head = "";
                    while (await reader.ReadLineAsync(stop.Token) is { Length: > 0 } line)
                        head += line + "\n";
                    if (head.Length == 0)
                        continue;
                    var body = new char[int.Parse(Regex.Match(head, @"Content-Length: (\d+)").Groups[1].Value, CultureInfo.InvariantCulture)];
                    await reader.ReadBlockAsync(body, stop.Token);
                    requests.Enqueue(head + new string(body));
                    await tls.WriteAsync("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"u8.ToArray(), stop.Token);
                }
                catch (Exception e) when (e is IOException or AuthenticationException)
                {
                    // A client that does not trust us hangs up.
                }
            }
        }, TestContext.Current.CancellationToken);
        string port = ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        ShellResult result = Bash($"""
            i notify add --webhook https://localhost:{port}/s3cret --on open -q; i notify test N1; echo "status $?"
            export SSL_CERT_FILE=$PWD/cert.pem; i notify test N1; echo "status $?"; i open 'over https' -q 2>/dev/null
            for n in $(seq 1 100); do ls state/notify/*.json >/dev/null 2>&1 || break; sleep 0.1; done; ls state/notify/*.json state/notify/failed 2>/dev/null
            """);
        Assert.Equal("status 1\nstatus 0\n", Regex.Replace(result.Output, "^N1: .*\n", ""));
        Assert.Matches($@"^jumpbag: localhost:{port}: [^\n]*certificate[^\n]*\n(hint: [^\n]*\n)?N1: took it\n$", result.Errors);
        await stop.CancelAsync();
        Assert.Equal(2, requests.Count);
        Assert.All(requests, request => Assert.StartsWith("POST /s3cret HTTP/1.1\n", request, StringComparison.Ordinal));
        Assert.Contains("\"type\":\"open\"", requests.Last(), StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => server);
    }

    /// <summary>A person who types Ctrl-Z at a shell with job control, and then fg.</summary>
    [Fact]
    public void ctrl_z_stops_a_command_that_is_run_and_fg_goes_on_with_it()
    {
        Require.Tool("script");
        ShellResult result = Bash("""
            i open x -q 2>/dev/null; J=$(echo state/incidents/*.ndjson); export BIN J
            cat >person <<'END'
            "$BIN" incident run -- sh -c 'touch running; sleep 1; read -r line; echo "got $line" >got; exit 21'
            echo "stopped $?" >st; grep -c commandEnd $J >>st; "$BIN" incident | grep -c '^Running ' >>st; touch shown; fg >/dev/null; echo "went on $?" >>st
            END
            (until [ -e running ]; do sleep 0.05; done; sleep 0.3; printf '\032'; until [ -e shown ]; do sleep 0.05; done; sleep 1; echo typed; until grep -q 'went on' st; do sleep 0.05; done) | timeout 40 script -qc "bash --norc -m person" /dev/null >/dev/null
            cat st got; grep -o '"exitStatus":[0-9]*' $J
            """);
        Assert.Equal("stopped 147\n0\n1\nwent on 21\ngot typed\n\"exitStatus\":21\n", result.Output);
    }

    /// <summary>The runtime's own handler sets the terminal: done from the background, that stops the program again.</summary>
    [Fact]
    public void going_on_after_a_stop_is_nothing_that_is_caught()
    {
        ShellResult result = Bash("""
            i open x -q 2>/dev/null
            caught() { local mask=$(grep SigCgt /proc/$1/status); (( (0x${mask##*[[:space:]]} >> ($2 - 1)) & 1 )); }; export -f caught
            jumpbag incident run -q -- bash -c 'for n in {1..200}; do caught $PPID 1 && break; sleep 0.05; done; caught $PPID 18; echo "run $?"'
            "$BIN" incident timeline --follow >/dev/null & for n in {1..200}; do caught $! 1 && break; sleep 0.05; done; caught $! 18; echo "timeline $?"; kill $!; wait
            """);
        Assert.Equal((0, "run 1\ntimeline 1\n", ""), (result.Status, result.Output, result.Errors));
    }

    /// <summary>Also of a command that is done before it would tell how far it is, and is told to be quiet.</summary>
    [Fact]
    public void a_command_is_journalled_with_the_bytes_that_it_moved()
    {
        JumpbagProgram.UnpackDemo(folder.Path);
        ShellResult result = Bash("""
            i open x -q 2>/dev/null; jumpbag cp -rq d.img:/etc out; head -c 12345 /dev/zero | jumpbag pipe -q >/dev/null; jumpbag cat d.img:/etc/fstab >fstab
            grep -o '"command":"jumpbag [a-z]*\|"bytes":[0-9]*' state/incidents/*.ndjson | grep -A1 -B1 bytes | grep bytes
            find out -type f -printf '%s\n' | awk '{n+=$1} END {print "\"bytes\":" n}'; echo '"bytes":12345'; wc -c <fstab | sed 's/^/"bytes":/'
            """);
        string[] lines = result.Output.TrimEnd().Split('\n');
        Assert.Equal(6, lines.Length);
        Assert.Equal(lines[3..], lines[..3]);
    }

    /// <summary>The oracle is losetup; a loop device's "serial number" is the file behind it.</summary>
    [Fact]
    public void a_command_is_journalled_with_the_serial_numbers_of_the_disks_it_names()
    {
        Require.Root();
        Require.Tool("losetup");
        ShellResult result = Bash("""
            truncate -s 1M disk.img; L=$(losetup -f --show disk.img) || exit 77; trap 'losetup -d $L' EXIT
            i open x -q 2>/dev/null; jumpbag inspect -q $L >/dev/null 2>&1; i run -q -- true $L; ln -s $L link; i run -q -- true $PWD/link
            grep -o '"sources":.*}\]' state/incidents/*.ndjson | sed "s,$L,LOOP,; s,$(losetup -nO BACK-FILE $L),FILE,; s,$PWD,PWD,"
            """);
        Assert.SkipWhen(result.Status == 77, "needs loop devices");
        Assert.Equal("""
            "sources":[{"path":"LOOP","serial":"FILE"}]
            "sources":[{"path":"LOOP","serial":"FILE"}]
            "sources":[{"path":"PWD/link","serial":"FILE"}]
            """ + "\n", result.Output);
    }

    [Fact]
    public void ten_thousand_events_are_answered_fast()
    {
        var text = new StringBuilder();
        var author = new Author("anna", 1000, "login");
        string prev = EntryLine.Genesis;
        string? id = null;
        DateTimeOffset now = DateTimeOffset.UtcNow;
        for (int i = 0; i < 10_000; i++)
        {
            EventData data = i switch { 0 => new Opened(1, "2026-11-27-big", "big", 2, false, 60), _ when i % 10 == 1 => new Triaged($"host{i % 50}", (TriageTag)(i % 5), "why"), _ => new Noted($"a note of usual length, number {i}, which says what was seen") };
            Entry entry = EntryLine.Make(id = EventId.Next(id, now), prev, now, null, author, "db3", data);
            prev = entry.Hash;
            text.Append(Encoding.UTF8.GetString(entry.Line.Span)).Append('\n');
        }
        Directory.CreateDirectory(folder.File("state/incidents"));
        File.WriteAllText(folder.File("state/incidents/2026-11-27-big.ndjson"), text.ToString());
        File.CreateSymbolicLink(folder.File("state/incidents/current"), folder.File("state/incidents/2026-11-27-big.ndjson"));
        foreach ((string command, string output) in new[] { ("i", "10000 events|1000[0-9] events"), ("i note x", "x"), ("i verify", "events, each"), ("i timeline -n 1", "x") })
        {
            long begin = Stopwatch.GetTimestamp();
            ShellResult result = Bash($"{command}; exit");
            double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
            TestContext.Current.TestOutputHelper?.WriteLine($"{command}: {seconds:0.000} s with bash");
            Assert.Matches(output, result.Output);
            Assert.InRange(seconds, 0, 3);
        }
    }

    /// <summary>Contract: a command that starts in milliseconds pays for incidents a few readlinks and no more.</summary>
    [Fact]
    public void without_an_incident_the_hook_opens_nothing()
    {
        Require.Tool("strace");
        ShellResult result = Bash("echo >d.sql; strace -f -e trace=%file \"$BIN\" load --list -q d.sql 2>&1 >/dev/null | grep -E \"$PWD/(state|fb)\"");
        Assert.All(result.Output.TrimEnd().Split('\n'), line => Assert.Matches(@"readlink\(.*ENOENT", line));
        Assert.Equal(3, result.Output.TrimEnd().Split('\n').Length);
    }

    private ShellResult Bash(string script) => JumpbagProgram.Bash(folder.Path, Begin + script);
}
