using Jumpbag.Core;

namespace Jumpbag.Backup.Repository;

/// <summary>Where blobs come from: a repository, or several of which each stands in for the others. Any thread may ask.</summary>
public abstract class BlobSource
{
    /// <summary>How a person names it.</summary>
    public abstract string Place { get; }

    /// <summary>How long a blob's content is; null where no pack has it.</summary>
    internal abstract long? LengthOf(BlobType type, StorageId blob);

    /// <summary>The content, which fits its name; who asks lets go of it.</summary>
    /// <exception cref="JumpbagException">No pack has it as it was.</exception>
    internal abstract BlobContent Blob(BlobType type, StorageId blob);
}
