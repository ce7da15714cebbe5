using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Jumpbag.Board.Access;
using Jumpbag.Core;
using Jumpbag.Host;
using Jumpbag.Incident.Notifying;

namespace Jumpbag.Board.Reporting;

/// <param name="Journal">The file of its incident's journal on this host; null while it was never reached.</param>
internal sealed record BoardFile(string Url, string Token, string? Journal = null);

/// <summary>How far this host's journal and the board's know each other.</summary>
/// <param name="After">The last of the board's lines that came here.</param>
/// <param name="Sent">All of this host's journal before that byte is there.</param>
/// <param name="WaitingSent">The same of the lines that were written before the board was first reached.</param>
/// <param name="Problem">Why the last time failed; null where it did not.</param>
internal sealed record SyncPosition(string? After = null, long Sent = 0, long WaitingSent = 0, DateTimeOffset? Last = null, string? Problem = null, bool Refused = false);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(BoardFile))]
[JsonSerializable(typeof(SyncPosition))]
internal sealed partial class JoinedJson : JsonSerializerContext;

/// <summary>A board that this host reports to: a folder of its own, STATE/board/to/HASH, with its address, its token (so 0600), how far the two are, and what waits.</summary>
public sealed class JoinedBoard
{
    public const string WaitingName = "waiting.ndjson";

    private const string BoardName = "board.json";

    private readonly string folder;
    private BoardFile file;

    private JoinedBoard(string folder, BoardFile file)
    {
        this.folder = folder;
        this.file = file;
    }

    public string Url => file.Url;

    /// <summary>Its incident's journal on this host; null while it was never reached.</summary>
    public string? Journal => file.Journal;

    /// <summary>Where events of this host go until the board is reached for the first time: a chain that begins without an opening.</summary>
    public string Waiting => Path.Combine(folder, WaitingName);

    internal string Token => file.Token;

    internal string LockPath => Path.Combine(folder, "lock");

    public static IReadOnlyList<JoinedBoard> All(string stateFolder)
    {
        string top = Top(stateFolder);
        return Directory.Exists(top) ? [.. Directory.EnumerateDirectories(top).Order(StringComparer.Ordinal).Select(Read).OfType<JoinedBoard>()] : [];
    }

    /// <summary>Null where that board was not joined.</summary>
    public static JoinedBoard? Find(string stateFolder, string url) => Read(FolderOf(stateFolder, Normal(url)));

    /// <summary>The one whose incident this journal is; null where it is no board's.</summary>
    public static JoinedBoard? OfJournal(string stateFolder, string journal) => Directory.Exists(Top(stateFolder))
        ? All(stateFolder).FirstOrDefault(board => board.Journal == journal || board.Waiting == journal) : null;

    /// <summary>Keeps its address and token. What it knows of the incident stays where the token alone is new.</summary>
    public static JoinedBoard Add(string stateFolder, string url, string token)
    {
        url = Normal(url);
        JoinedBoard? known = Find(stateFolder, url);
        if (known?.Token == token)
            return known;
        var board = new JoinedBoard(FolderOf(stateFolder, url), new(url, token, known?.Journal));
        board.Write();
        return board;
    }

    /// <exception cref="UsageException">It is no address of a web server.</exception>
    public static string Normal(string url) => Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0
        ? uri.GetLeftPart(UriPartial.Authority) : throw new UsageException("a board's address is such as http://db1:7911 or https://board.example.org");

    public void Forget() => Directory.Delete(folder, recursive: true);

    internal void SetJournal(string journal)
    {
        file = file with { Journal = journal };
        Write();
    }

    internal SyncPosition Position
    {
        get
        {
            try
            {
                return JsonSerializer.Deserialize(File.ReadAllBytes(PositionFile), JoinedJson.Default.SyncPosition) ?? new();
            }
            catch (Exception e) when (e is IOException or JsonException)
            {
                return new(); // All is sent again; what is there already is passed over.
            }
        }
        set
        {
            // It may have been left meanwhile: then nothing is to come back.
            if (IsJoined)
                WholeFile.Write(PositionFile, JsonSerializer.SerializeToUtf8Bytes(value, JoinedJson.Default.SyncPosition));
        }
    }

    /// <summary>Why it took nothing the last time; null where it did, or could not be reached.</summary>
    public string? Refusal => Position is { Refused: true, Problem: { } problem } ? problem : null;

    /// <summary>Whether it still is: "board leave" takes it away while a process may be at work for it.</summary>
    internal bool IsJoined => File.Exists(Path.Combine(folder, BoardName));

    /// <summary>Whether no process is synchronizing. One that is looks once more before it ends.</summary>
    public bool IsFree
    {
        get
        {
            using LockFile? turn = TakeTurn();
            return turn is not null;
        }
    }

    public (DateTimeOffset? Last, string? Problem) Standing => (Position.Last, Position.Problem);

    /// <summary>Takes the turn of synchronizing; null where another process has it.</summary>
    internal LockFile? TakeTurn() => LockFile.TryTake(LockPath);

    private string PositionFile => Path.Combine(folder, "position.json");

    private void Write() => WholeFile.Write(Path.Combine(folder, BoardName), JsonSerializer.SerializeToUtf8Bytes(file, JoinedJson.Default.BoardFile));

    private static JoinedBoard? Read(string folder)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(folder, BoardName)), JoinedJson.Default.BoardFile) is { } file ? new(folder, file) : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new FailedException($"{folder}: {e.Message}", "remove that folder and join the board again", e);
        }
    }

    private static string Top(string stateFolder) => Path.Combine(stateFolder, "board", "to");

    /// <summary>FNV-1a, 64 bits: it only tells folders apart.</summary>
    private static string FolderOf(string stateFolder, string url)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in url)
            hash = (hash ^ c) * 1099511628211;
        return Path.Combine(Top(stateFolder), hash.ToString("x16", CultureInfo.InvariantCulture));
    }
}
