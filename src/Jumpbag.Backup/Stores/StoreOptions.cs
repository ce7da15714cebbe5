using Jumpbag.Core.Events;

namespace Jumpbag.Backup.Stores;

/// <summary>How much may cross to and from a store, all of its connections together.</summary>
/// <param name="Upload">Bytes a second; null for as many as go.</param>
/// <param name="Download">Likewise.</param>
public sealed record StoreLimits(long? Upload = null, long? Download = null)
{
    public static StoreLimits None { get; } = new();
}

/// <summary>How a store is spoken to; of a folder only the limits count.</summary>
public sealed record StoreOptions
{
    public static StoreOptions Default { get; } = new();

    public StoreLimits Limits { get; init; } = StoreLimits.None;

    /// <summary>Told when a store is waited for.</summary>
    public EventSink Events { get; init; } = _ => { };

    /// <summary>Where keys and passwords come from; null of a variable that is not there.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>After so long without a byte a connection is taken for dead.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>For so long a store that has worked before is tried again: a router that restarts takes a minute or two.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>For so long a store is tried that has not answered once: mostly its address is wrong.</summary>
    public TimeSpan FirstPatience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The program that makes SFTP's connections.</summary>
    public string Ssh { get; init; } = "ssh";
}
