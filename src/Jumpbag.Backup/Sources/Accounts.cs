using System.Collections.Concurrent;
using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.Backup.Sources;

/// <summary>The names of owners, each looked up once; empty where a number has none.</summary>
internal sealed class Accounts
{
    private readonly ConcurrentDictionary<uint, ByteString> users = [], groups = [];

    /// <summary>Of the files of another machine: that one's numbers mean nothing here.</summary>
    public static readonly Accounts None = new() { IsKnown = false };

    private bool IsKnown { get; init; } = true;

    public ByteString User(uint uid) => IsKnown ? users.GetOrAdd(uid, AccountNames.OfUser) : default;

    public ByteString Group(uint gid) => IsKnown ? groups.GetOrAdd(gid, AccountNames.OfGroup) : default;
}
