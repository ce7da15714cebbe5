using Jumpbag.Core;

namespace Jumpbag.Databases.Loading;

/// <summary>What to do with a statement that the server refuses.</summary>
public enum OnError
{
    Stop,
    Skip,
}

/// <summary>What the person asked for.</summary>
public sealed record LoadOptions
{
    /// <summary>Connections that send rows and build indexes.</summary>
    public int Jobs { get; init; } = Environment.ProcessorCount;

    /// <summary>Patterns ("orders", "shop.orders", "log_*"); empty for all.</summary>
    public IReadOnlyList<string> Tables { get; init; } = [];

    public IReadOnlyList<string> Exclude { get; init; } = [];

    public IReadOnlyList<string> Databases { get; init; } = [];

    /// <summary>OLD=NEW pairs, of databases or tables.</summary>
    public IReadOnlyList<(string Old, string New)> Rename { get; init; } = [];

    public bool SchemaOnly { get; init; }

    public bool DataOnly { get; init; }

    public OnError OnError { get; init; }

    public bool Resume { get; init; }

    /// <summary>Objects of the dump that the target has already are dropped.</summary>
    public bool Replace { get; init; }

    /// <summary>False keeps every index in CREATE TABLE.</summary>
    public bool DeferIndexes { get; init; } = true;

    /// <summary>DEFINER clauses are left out, so that whoever loads becomes the definer.</summary>
    public bool DropDefiners { get; init; }

    /// <summary>The server does not write the load to its binary log.</summary>
    public bool NoBinlog { get; init; }

    /// <summary>Rows are held back while a replica is further behind than this; null for never.</summary>
    public TimeSpan? MaxReplicaLag { get; init; }

    /// <summary>The database that the address names: where statements before any USE go.</summary>
    public ByteString? Database { get; init; }

    /// <summary>About how many bytes of rows are sent and committed at once.</summary>
    public int BatchSize { get; init; } = 1 << 20;
}
