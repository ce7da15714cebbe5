using System.Globalization;
using Jumpbag.Incident.Events;
using Jumpbag.Incident.Journal;
using Jumpbag.Tests.Support;
using Microsoft.Playwright;

namespace Jumpbag.Tests.Real.Board;

/// <summary>Debian's Chromium, driven by Playwright.</summary>
public sealed class BrowserFixture : IAsyncDisposable
{
    private const string Program = "/usr/bin/chromium";

    private IPlaywright? playwright;
    private IBrowser? browser;

    public async Task<IBrowser> Browser()
    {
        Assert.SkipUnless(File.Exists(Program), "needs Chromium (Debian package chromium)");
        playwright ??= await Playwright.CreateAsync();
        // As root it refuses to run with its sandbox.
        return browser ??= await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Program, Args = ["--no-sandbox"] });
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null)
            await browser.CloseAsync();
        playwright?.Dispose();
    }
}

/// <summary>An incident of its own with a board, and the pages that look at it.</summary>
internal sealed class BoardScene : IAsyncDisposable
{
    public static readonly Author Anna = new("anna", 1000, "login");

    /// <summary>Notes when (by the clock) each item came into the timeline, and when (since the navigation began) the first was there.</summary>
    private const string Watch = """
        window.seen = {}; window.first = null;
        new MutationObserver(changes => {
          for (const change of changes)
            for (const node of change.addedNodes)
              if (node.parentElement?.id === 'timeline') {
                window.first ??= performance.now();
                window.seen[node.querySelector('.text').textContent] ??= Date.now();
              }
        }).observe(document, { childList: true, subtree: true });
        """;

    private readonly TemporaryFolder folder = new();
    private readonly BrowserFixture fixture;
    private readonly List<IBrowserContext> contexts = [];
    private string? address;

    public BoardScene(BrowserFixture fixture)
    {
        this.fixture = fixture;
        Journal = new(folder.File("state/incidents/i.ndjson"), []);
        Journal.Append(Anna, new Opened(1, "i", "db cluster out of sync", 2, false, 60));
        Directory.CreateDirectory(folder.File("state/incidents"));
        File.CreateSymbolicLink(folder.File("state/incidents/current"), Journal.Path);
    }

    public FileJournal Journal { get; }

    public BoardProcess Board { get; private set; } = null!;

    /// <summary>With the state folder that the board has, where its incident is the current one.</summary>
    public ShellResult Bash(string script) => JumpbagProgram.Bash(folder.Path, "export JUMPBAG_STATE=$PWD/state\n" + script);

    public string Token(string name, string right) => JumpbagProgram.Bash(folder.Path, $"JUMPBAG_STATE=$PWD/state jumpbag board token add {name} {right} -q").Output.Trim();

    public void Start()
    {
        Board = BoardProcess.Start(folder.File("state"), "--listen", address ?? "127.0.0.1:0");
        address = Board.Address.Authority;
    }

    /// <summary>Lines behind each other, without a lock and an fsync for each.</summary>
    public void Fill(int count)
    {
        Entry last = Journal.Read()[^1];
        using FileStream file = File.Open(Journal.Path, FileMode.Append);
        for (int i = 0; i < count; i++)
        {
            DateTimeOffset now = DateTimeOffset.UtcNow;
            EventData data = (i % 10) switch
            {
                0 => new Triaged($"host{(i / 10 % 40).ToString(CultureInfo.InvariantCulture)}", (TriageTag)(i / 10 % 5), "why " + i.ToString(CultureInfo.InvariantCulture)),
                1 => new CommandStarted("jumpbag ls " + i.ToString(CultureInfo.InvariantCulture), 1),
                2 => new CommandEnded(last.Id, "jumpbag ls", 0, 0.1),
                _ => new Noted($"note {i.ToString(CultureInfo.InvariantCulture)} of what happened on this machine in the night"),
            };
            last = EntryLine.Make(EventId.Next(last.Id, now), last.Hash, now, null, Anna, "db3", data);
            file.Write(last.Line.Span);
            file.WriteByte((byte)'\n');
        }
    }

    /// <param name="key">What the page keeps as its key; null where it has none.</param>
    public async Task<IPage> Open(string? key, int width = 1920, int height = 1080, ColorScheme scheme = ColorScheme.Light, bool phone = false, bool wait = true)
    {
        IBrowserContext context = await (await fixture.Browser()).NewContextAsync(new() { ViewportSize = new() { Width = width, Height = height }, ColorScheme = scheme, IsMobile = phone, HasTouch = phone });
        contexts.Add(context);
        context.SetDefaultTimeout(15_000);
        await context.AddInitScriptAsync(Watch + (key is null ? "" : $"localStorage.setItem('jumpbag.key', '{key}');"));
        IPage page = await context.NewPageAsync();
        await page.GotoAsync(key is null ? Board.Url : Board.Address.ToString());
        if (wait)
            await page.WaitForSelectorAsync("#timeline li");
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IBrowserContext context in contexts)
            await context.CloseAsync();
        Board?.Dispose();
        folder.Dispose();
    }
}
