using System.Globalization;
using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Databases.Servers;

/// <summary>What one statement answered; of several result sets the last.</summary>
public sealed class QueryResult
{
    public long AffectedRows { get; init; }

    public long LastInsertId { get; init; }

    /// <summary>How many warnings and notes SHOW WARNINGS would list.</summary>
    public int Warnings { get; init; }

    /// <summary>"Records: 3  Duplicates: 1  Warnings: 0" and the like; of PostgreSQL the command's tag ("INSERT 0 3").</summary>
    public string Info { get; init; } = "";

    public IReadOnlyList<ByteString> Columns { get; init; } = [];

    /// <summary>Each value in its text form, byte for byte as the server sent it; null for NULL.</summary>
    public IReadOnlyList<byte[]?[]> Rows { get; init; } = [];

    /// <summary>The first value of the first row as text; null where there is none, or it is NULL.</summary>
    public string? Scalar => Rows is [[{ } value, ..], ..] ? Encoding.UTF8.GetString(value) : null;
}

/// <summary>How much of an answer is taken before it is refused, so that no server fills the memory.</summary>
internal static class AnswerLimits
{
    public const int Rows = 1_000_000;
    public const long Bytes = 64L << 20;

    /// <summary>What a value costs beyond its bytes.</summary>
    public const int ValueOverhead = 32;

    public static FailedException Exceeded(ServerAddress address) => new(string.Create(CultureInfo.InvariantCulture,
        $"{address.Place}: the answer is longer than {Bytes >> 20} MiB or {Rows} rows"));
}
