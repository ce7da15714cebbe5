using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Cli;

/// <summary>A board on this machine's address, with an incident and tokens for several people.</summary>
public sealed class BoardFixture : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private BoardProcess? board;

    public BoardProcess Board => board ??= BoardProcess.Start(State, "--listen", "127.0.0.1:0");

    public string State => folder.File("state");

    public string Write { get; private set; } = "";

    public string Read { get; private set; } = "";

    public string Host { get; private set; } = "";

    public BoardFixture()
    {
        ShellResult made = Bash("jumpbag incident open 'db out of sync' -q 2>/dev/null; for t in 'ben --write' 'rita --read' 'db9 --host'; do jumpbag board token add $t 2>/dev/null; done");
        if (made.Output.Split('\n') is [var write, var read, var host, ..])
            (Write, Read, Host) = (write, read, host);
    }

    /// <summary>For this incident; "jumpbag" is the program.</summary>
    public ShellResult Bash(string script) => JumpbagProgram.Bash(folder.Path, "export JUMPBAG_STATE=$PWD/state JUMPBAG_FALLBACK=$PWD/state-fallback SUDO_UID=\n" + script);

    public string Journal => File.ReadAllText(Directory.GetFiles(Path.Combine(State, "incidents"), "*.ndjson").Single());

    public void Dispose()
    {
        board?.Dispose();
        folder.Dispose();
    }
}

/// <summary>Who may do what on the board, over HTTP.</summary>
public sealed class BoardAccessTests(BoardFixture fixture) : IClassFixture<BoardFixture>
{
    private BoardProcess Board => fixture.Board;

    [Fact]
    public async Task the_page_is_its_own_and_takes_nothing_from_outside()
    {
        using HttpClient client = Board.Client(null);
        foreach ((string path, string type) in new[] { ("", "text/html"), ("board.css", "text/css"), ("board.js", "text/javascript"), ("icon.svg", "image/svg+xml") })
        {
            using HttpResponseMessage response = await client.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.Equal(type, response.Content.Headers.ContentType!.MediaType);
            string policy = response.Headers.GetValues("Content-Security-Policy").Single();
            Assert.StartsWith("default-src 'none'; script-src 'self';", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.False(response.Headers.Contains("Set-Cookie"));
            string text = (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Replace("xmlns=\"http://www.w3.org/2000/svg\"", "", StringComparison.Ordinal);
            Assert.DoesNotMatch(@"https?://|//[a-z]+\.[a-z]|innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|\sstyle=|\son[a-z]+=""", text);
        }
    }

    [Fact]
    public async Task nothing_is_shown_without_a_key_also_on_this_machine()
    {
        using HttpClient nobody = Board.Client(null);
        foreach (string path in new[] { "api/me", "api/events", "api/timeline" })
            Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.GetAsync(path, TestContext.Current.CancellationToken)).StatusCode);
        foreach (string path in new[] { "api/note", "api/triage", "api/vet", "api/sync", "api/running" })
            Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.PostAsJsonAsync(path, new { text = "x" }, TestContext.Current.CancellationToken)).StatusCode);
        using HttpClient wrong = Board.Client("jbt_" + new string('A', 43));
        wrong.DefaultRequestHeaders.Add("X-Forwarded-For", "192.0.2.1");
        Assert.Equal(HttpStatusCode.Unauthorized, (await wrong.GetAsync("api/me", TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task wrong_keys_are_slowed_down_and_right_ones_never()
    {
        using HttpClient wrong = Board.Client("jbt_wrong"), right = Board.Client(fixture.Read);
        wrong.DefaultRequestHeaders.Add("X-Forwarded-For", "192.0.2.7");
        right.DefaultRequestHeaders.Add("X-Forwarded-For", "192.0.2.7");
        for (int i = 0; i < 10; i++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await wrong.GetAsync("api/me", TestContext.Current.CancellationToken)).StatusCode);
        var watch = Stopwatch.StartNew();
        Assert.Equal(HttpStatusCode.TooManyRequests, (await wrong.GetAsync("api/me", TestContext.Current.CancellationToken)).StatusCode);
        Assert.True(watch.ElapsedMilliseconds >= 900, $"after {watch.ElapsedMilliseconds} ms");
        Assert.Equal(HttpStatusCode.OK, (await right.GetAsync("api/me", TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task who_may_read_may_not_write_and_a_host_only_reports()
    {
        string before = fixture.Journal;
        foreach ((string key, string path) in new[] { (fixture.Read, "api/note"), (fixture.Read, "api/triage"), (fixture.Read, "api/vet"), (fixture.Read, "api/sync"), (fixture.Read, "api/running"), (fixture.Host, "api/note"), (fixture.Host, "api/vet") })
        {
            using HttpClient client = Board.Client(key);
            Assert.Equal(HttpStatusCode.Forbidden, (await client.PostAsJsonAsync(path, new { text = "x" }, TestContext.Current.CancellationToken)).StatusCode);
        }
        Assert.Equal(before, fixture.Journal);
        using HttpClient reader = Board.Client(fixture.Read);
        Assert.Equal(HttpStatusCode.OK, (await reader.GetAsync("api/timeline", TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task what_is_written_is_the_tokens_persons_and_keeps_the_chain()
    {
        using HttpClient ben = Board.Client(fixture.Write);
        string text = "<b>bold</b> & \"quotes\" café " + Guid.NewGuid();
        Assert.Equal(HttpStatusCode.Created, (await ben.PostAsJsonAsync("api/note", new { text }, TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(HttpStatusCode.Created, (await ben.PostAsJsonAsync("api/triage", new { patient = "db3<img src=x>", tag = "red", why = "writes" }, TestContext.Current.CancellationToken)).StatusCode);
        JsonElement note = fixture.Journal.Split('\n').Where(line => line.Length > 0).Select(line => JsonDocument.Parse(line).RootElement).Single(line => line.GetProperty("type").GetString() == "note" && line.GetProperty("data").GetProperty("text").GetString() == text);
        Assert.Equal("ben", note.GetProperty("author").GetString());
        Assert.Equal("token", note.GetProperty("identity").GetString());
        Assert.False(note.TryGetProperty("uid", out _));
        Assert.Equal(0, fixture.Bash("jumpbag incident verify -q").Status);
        Assert.Contains("red db3<img src=x>", Regex.Replace(fixture.Bash("jumpbag incident triage").Output, " +", " "), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"text":" "}""")]
    [InlineData("""{"text":null}""")]
    [InlineData("""{}""")]
    [InlineData("""[]""")]
    [InlineData("""{"text":"\ud800"}""")]
    [InlineData("""nothing""")]
    public async Task bodies_that_are_none_are_refused(string body)
    {
        using HttpClient ben = Board.Client(fixture.Write);
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await ben.PostAsync("api/note", content, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("\"error\":", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task large_bodies_are_refused()
    {
        using HttpClient ben = Board.Client(fixture.Write);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await ben.PostAsJsonAsync("api/note", new { text = new string('x', 1 << 20) }, TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await ben.PostAsJsonAsync("api/note", new { text = new string('x', 20_000) }, TestContext.Current.CancellationToken)).StatusCode);
    }

    [Theory]
    [InlineData("Origin", "http://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "null", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "http://127.0.0.1:1", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "cross-site", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "same-site", HttpStatusCode.Forbidden)]
    [InlineData("Host", "evil.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("Host", "localhost:80", HttpStatusCode.Created)]
    [InlineData("Origin", "ours", HttpStatusCode.Created)]
    [InlineData("Sec-Fetch-Site", "same-origin", HttpStatusCode.Created)]
    public async Task requests_of_other_sites_are_refused(string header, string value, HttpStatusCode status)
    {
        using HttpClient ben = Board.Client(fixture.Write);
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/note") { Content = JsonContent.Create(new { text = "by " + header }) };
        request.Headers.TryAddWithoutValidation(header, value == "ours" ? Board.Address.ToString().TrimEnd('/') : value);
        Assert.Equal(status, (await ben.SendAsync(request, TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task a_form_of_another_site_is_refused_for_its_type()
    {
        using HttpClient ben = Board.Client(fixture.Write);
        foreach (string path in new[] { "api/note", "api/sync" })
        {
            using var content = new StringContent("""{"text":"x"}""", Encoding.UTF8, "text/plain");
            Assert.Equal(HttpStatusCode.BadRequest, (await ben.PostAsync(path, content, TestContext.Current.CancellationToken)).StatusCode);
        }
    }

    [Fact]
    public async Task a_link_is_good_once_and_its_author_is_who_made_it()
    {
        string url = fixture.Bash("jumpbag board link --listen " + Board.Address.Authority + " -q").Output.Trim();
        string code = Regex.Match(url, "^http://127.0.0.1:[0-9]+/#k=(jbt_[A-Za-z0-9_-]{43})$").Groups[1].Value;
        using HttpClient nobody = Board.Client(null), withCode = Board.Client(code);
        withCode.DefaultRequestHeaders.Add("X-Forwarded-For", "192.0.2.9");
        Assert.Equal(HttpStatusCode.Unauthorized, (await withCode.GetAsync("api/me", TestContext.Current.CancellationToken)).StatusCode);
        nobody.DefaultRequestHeaders.Add("X-Forwarded-For", "192.0.2.9");
        using HttpResponseMessage first = await nobody.PostAsJsonAsync("api/login", new { code }, TestContext.Current.CancellationToken);
        string session = JsonDocument.Parse(await first.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.GetProperty("key").GetString()!;
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.PostAsJsonAsync("api/login", new { code }, TestContext.Current.CancellationToken)).StatusCode);
        using HttpClient me = Board.Client(session);
        using HttpResponseMessage written = await me.PostAsJsonAsync("api/note", new { text = "by link" }, TestContext.Current.CancellationToken);
        JsonElement line = JsonDocument.Parse(await written.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        JsonElement opened = JsonDocument.Parse(fixture.Journal.Split('\n')[0]).RootElement;
        foreach (string key in new[] { "author", "uid", "identity" })
            Assert.Equal(opened.GetProperty(key).ToString(), line.GetProperty(key).ToString());
    }

    [Fact]
    public async Task a_vet_is_anothers_and_of_the_plan_that_was_read()
    {
        Assert.Equal(0, fixture.Bash("jumpbag incident plan 'rebuild db3' -q && jumpbag incident step add 'mkfs x' --target db3 --risk source --expect done --back snapshot --time 5m -q").Status);
        JsonElement plan = JsonDocument.Parse(fixture.Bash("jumpbag incident --json").Output).RootElement.GetProperty("plans")[0];
        string id = plan.GetProperty("id").GetString()!, hash = plan.GetProperty("hash").GetString()!, author = plan.GetProperty("author").GetString()!;
        string own = fixture.Bash($"jumpbag board token add {author} --write -q").Output.Trim();
        using HttpClient me = Board.Client(own), ben = Board.Client(fixture.Write);
        using HttpResponseMessage mine = await me.PostAsJsonAsync("api/vet", new { plan = id, hash }, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Conflict, mine.StatusCode);
        Assert.Contains("who can't vet it", WebUtility.HtmlDecode((await mine.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Replace("\\u0027", "'", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Conflict, (await ben.PostAsJsonAsync("api/vet", new { plan = id, hash = hash[..12] }, TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(HttpStatusCode.Created, (await ben.PostAsJsonAsync("api/vet", new { plan = id, hash, text = "read twice" }, TestContext.Current.CancellationToken)).StatusCode);
        Assert.Contains("vetted by ben", fixture.Bash("jumpbag incident plan").Output, StringComparison.Ordinal);
        // Any edit voids it.
        fixture.Bash("jumpbag incident step add true --target db3 --risk reads -q");
        Assert.Contains("NOT VETTED", fixture.Bash("jumpbag incident plan").Output, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Conflict, (await ben.PostAsJsonAsync("api/vet", new { plan = id, hash }, TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task a_revoked_token_is_good_for_nothing_and_its_stream_ends()
    {
        string token = fixture.Bash("jumpbag board token add eve --read -q").Output.Trim();
        using HttpClient eve = Board.Client(token);
        await using Stream stream = await eve.GetStreamAsync("api/events", TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        Assert.Equal("event: update", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        Assert.Equal(0, fixture.Bash("jumpbag board token revoke eve -q").Status);
        var watch = Stopwatch.StartNew();
        await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.True(watch.ElapsedMilliseconds < 3000, $"after {watch.ElapsedMilliseconds} ms");
        eve.DefaultRequestHeaders.Add("X-Forwarded-For", "192.0.2.11");
        Assert.Equal(HttpStatusCode.Unauthorized, (await eve.GetAsync("api/me", TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public void secrets_are_kept_as_hashes_in_a_file_of_the_owner_and_nowhere_else()
    {
        _ = Board;
        string keys = Path.Combine(fixture.State, "board", "keys.json");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(keys));
        fixture.Bash($"jumpbag incident note 'my token is {fixture.Write}' -q");
        foreach (string secret in new[] { fixture.Write, fixture.Read, fixture.Host, Board.Url.Split("#k=")[1] })
        {
            Assert.Equal(47, secret.Length);
            ShellResult found = fixture.Bash($"grep -rl -e '{secret}' state");
            Assert.Equal("", found.Output);
            Assert.DoesNotContain(secret, Board.Errors, StringComparison.Ordinal);
        }
        string list = fixture.Bash("jumpbag board token list; jumpbag board token list --json").Output;
        Assert.Contains("ben   write", list, StringComparison.Ordinal);
        Assert.DoesNotContain("jbt_", list, StringComparison.Ordinal);
    }
}
