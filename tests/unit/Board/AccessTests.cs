using Jumpbag.Board.Access;
using Jumpbag.Core;
using Jumpbag.Incident.Journal;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Unit.Board;

public sealed class AccessTests : IDisposable
{
    private static readonly Author Anna = new("anna", 1000, "login");

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private KeyRing Keys => new(folder.Path);

    [Fact]
    public void a_token_is_found_by_any_process_until_it_is_revoked()
    {
        KeyRing board = Keys;
        Assert.Null(board.Find("jbt_x"));
        string secret = Keys.AddToken("ben", Right.Write, Anna);
        AccessKey key = board.Find(secret)!;
        Assert.Equal((new Author("ben", null, "token"), Right.Write, "anna"), (key.Author, key.Right, key.MadeBy));
        Assert.Null(board.Find(secret[..^1]));
        Assert.Null(board.Find(Secret.Hash(secret)));
        Assert.Throws<FailedException>(() => Keys.AddToken("ben", Right.Read, Anna));
        Keys.Revoke("ben");
        Assert.Null(board.Find(secret));
        Assert.Throws<NotFoundException>(() => Keys.Revoke("ben"));
    }

    [Fact]
    public void of_many_who_come_with_a_link_one_gets_in()
    {
        string code = Keys.AddLink(Anna);
        string?[] sessions = new string?[8];
        Parallel.For(0, sessions.Length, i => sessions[i] = Keys.Exchange(code));
        string session = Assert.Single(sessions, one => one is not null)!;
        Assert.Equal(Anna, Keys.Find(session)!.Author);
        Assert.Null(Keys.Find(code));
        Assert.Null(Keys.Exchange(session));
        Assert.Null(Keys.Exchange("jbt_x"));
    }

    [Fact]
    public void what_is_over_is_good_for_nothing_and_goes()
    {
        string secret = Keys.AddToken("ben", Right.Read, Anna);
        string file = folder.File("board/keys.json");
        File.WriteAllText(file, File.ReadAllText(file).Replace("\"made\"", $"\"expires\": \"{DateTimeOffset.UtcNow.AddSeconds(-1):O}\",\n\"made\"", StringComparison.Ordinal));
        Assert.Null(Keys.Find(secret));
        Keys.AddToken("ben", Right.Read, Anna);
        Assert.Single(Keys.Tokens);
    }

    [Fact]
    public void a_file_that_is_none_lets_nobody_in()
    {
        Directory.CreateDirectory(folder.File("board"));
        File.WriteAllText(folder.File("board/keys.json"), "{");
        Assert.Throws<FailedException>(() => Keys.Find("jbt_x"));
    }

    [Fact]
    public void secrets_are_all_different_and_long()
    {
        string[] all = [.. Enumerable.Range(0, 100).Select(_ => Secret.New())];
        Assert.Equal(100, all.Distinct().Count());
        Assert.All(all, secret => Assert.Matches("^jbt_[A-Za-z0-9_-]{43}$", secret));
    }

    [Fact]
    public void wrong_keys_count_for_their_address_and_a_minute()
    {
        var wrong = new WrongKeys();
        DateTimeOffset now = DateTimeOffset.UtcNow;
        for (int i = 0; i < WrongKeys.Most; i++)
            Assert.False(wrong.Add("a", now));
        Assert.True(wrong.Add("a", now));
        Assert.False(wrong.Add("b", now));
        Assert.False(wrong.Add("a", now.AddMinutes(2)));
        for (int i = 0; i < 50_000; i++)
            wrong.Add("many" + i, now);
        Assert.True(wrong.Add("yet another", now));
    }
}
