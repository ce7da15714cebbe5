namespace Jumpbag.Core;

/// <summary>
/// Everything Jumpbag reports to a person as a failure: what failed, why, and in <see cref="Hint"/> what to do next.
/// Any other exception that reaches the top is a defect of ours.
/// </summary>
public abstract class JumpbagException(string message, string? hint, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>One sentence that tells the person what to try next, or null.</summary>
    public string? Hint { get; } = hint;
}

/// <summary>A file, layer, device or name that is not there. Exit status 1.</summary>
public sealed class NotFoundException(string message, string? hint = null) : JumpbagException(message, hint);

/// <summary>A feature that is not supported, or an act that is not safe. Exit status 4.</summary>
public sealed class UnsupportedException(string message, string? hint = null) : JumpbagException(message, hint);

/// <summary>An on-disk structure that contradicts its specification: what, where, found and expected. Exit status 1, or 3 where the rest is delivered.</summary>
public sealed class CorruptException(string message, string? hint = null) : JumpbagException(message, hint);

/// <summary>The command line is wrong or ambiguous. Exit status 2.</summary>
public sealed class UsageException(string message, string? hint = null) : JumpbagException(message, hint);

/// <summary>The machine refused: no permission, disk full, a broken pipe to a program. Exit status 1.</summary>
public sealed class FailedException(string message, string? hint = null, Exception? cause = null) : JumpbagException(message, hint, cause);

/// <summary>
/// Bytes that cannot be had: a bad sector, a missing disk, the end of a truncated image. The range is in bytes of the
/// device that was asked. Whoever wants the readable rest reads around it.
/// </summary>
public sealed class UnreadableException(long offset, long length, string reason)
    : JumpbagException($"bytes {offset}..{offset + length - 1} cannot be read: {reason}", null)
{
    public long Offset { get; } = offset;

    public long Length { get; } = length;

    /// <summary>Why, without the range: "input/output error", "beyond the end of the image", "disk b.img is missing".</summary>
    public string Reason { get; } = reason;
}
