using System.Diagnostics;
using System.Text.Json;
using Jumpbag.Core;
using Jumpbag.Host;
using Jumpbag.Incident.Journal;
using Jumpbag.Incident.Notifying;

namespace Jumpbag.Board.Access;

/// <summary>All keys of this state folder's boards, in STATE/board/keys.json, which only its owner can read. Commands change it while boards run: each look sees the file as it is.</summary>
public sealed class KeyRing(string stateFolder)
{
    public static readonly TimeSpan LinkLife = TimeSpan.FromMinutes(10);
    public static readonly TimeSpan SessionLife = TimeSpan.FromDays(7);

    private readonly Lock gate = new();
    private Dictionary<string, AccessKey> byHash = [];
    private (DateTime Written, long Length)? seen;

    private string File => Path.Combine(stateFolder, "board", "keys.json");

    public IReadOnlyList<AccessKey> Tokens => [.. Read().Where(key => key.Kind == KeyKind.Token)];

    /// <summary>The secret, which is shown once.</summary>
    public string AddToken(string name, Right right, Author maker)
    {
        string secret = Secret.New();
        Change(keys => keys.Any(key => key.Kind == KeyKind.Token && key.Name == name)
            ? throw new FailedException($"{name} has a token already", $"'jumpbag board token revoke {name}' takes it away")
            : [.. keys, new(name, KeyKind.Token, right, Secret.Hash(secret), "token", null, maker.Name, DateTimeOffset.UtcNow)]);
        return secret;
    }

    public void Revoke(string name) => Change(keys => keys.Any(key => key.Kind == KeyKind.Token && key.Name == name)
        ? [.. keys.Where(key => key.Kind != KeyKind.Token || key.Name != name)]
        : throw new NotFoundException($"{name}: no such token", "'jumpbag board token list' lists them"));

    /// <summary>The code of a link for someone at this machine.</summary>
    public string AddLink(Author person) => Add(person, KeyKind.Link, LinkLife);

    /// <summary>A session for the code of a link, which is used up by that; null where it is none.</summary>
    public string? Exchange(string code)
    {
        string hash = Secret.Hash(code);
        if (Find(code, KeyKind.Link) is null)
            return null;
        AccessKey? link = null;
        string secret = Secret.New();
        Change(keys =>
        {
            // Two may come with it at once.
            link = keys.FirstOrDefault(key => key.Kind == KeyKind.Link && key.Hash == hash && key.IsGood(DateTimeOffset.UtcNow));
            return link is null ? keys : [.. keys.Where(key => key != link), link with { Kind = KeyKind.Session, Hash = Secret.Hash(secret), Made = DateTimeOffset.UtcNow, Expires = DateTimeOffset.UtcNow + SessionLife }];
        });
        return link is null ? null : secret;
    }

    /// <summary>What a secret is good for; null where it is good for nothing.</summary>
    public AccessKey? Find(string secret) => Find(secret, KeyKind.Token) ?? Find(secret, KeyKind.Session);

    private AccessKey? Find(string secret, KeyKind kind)
    {
        Refresh();
        lock (gate)
            return byHash.TryGetValue(Secret.Hash(secret), out AccessKey? key) && key.Kind == kind && key.IsGood(DateTimeOffset.UtcNow) ? key : null;
    }

    private string Add(Author person, KeyKind kind, TimeSpan life)
    {
        string secret = Secret.New();
        DateTimeOffset now = DateTimeOffset.UtcNow;
        Change(keys => [.. keys, new(person.Name, kind, Right.Write, Secret.Hash(secret), person.Identity, person.Uid, person.Name, now, now + life)]);
        return secret;
    }

    private void Refresh()
    {
        var file = new FileInfo(File);
        (DateTime, long)? now = file.Exists ? (file.LastWriteTimeUtc, file.Length) : null;
        lock (gate)
        {
            if (now == seen && seen is not null)
                return;
            byHash = Read().ToDictionary(key => key.Hash);
            seen = now;
        }
    }

    private IReadOnlyList<AccessKey> Read()
    {
        try
        {
            return JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(File), KeyJson.Default.KeyFile)?.Keys ?? [];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new FailedException($"{File}: {e.Message}", "remove the file and make the tokens again with 'jumpbag board token add'", e);
        }
    }

    private void Change(Func<IReadOnlyList<AccessKey>, IReadOnlyList<AccessKey>> change)
    {
        using LockFile held = LockFile.Take(Path.ChangeExtension(File, ".lock"));
        DateTimeOffset now = DateTimeOffset.UtcNow;
        IReadOnlyList<AccessKey> keys = change([.. Read().Where(key => key.IsGood(now))]);
        WholeFile.Write(File, JsonSerializer.SerializeToUtf8Bytes(new(keys), KeyJson.Default.KeyFile));
    }
}
