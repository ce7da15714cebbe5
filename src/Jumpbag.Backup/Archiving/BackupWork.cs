using Jumpbag.Backup.Chunking;
using Jumpbag.Backup.Writing;

namespace Jumpbag.Backup.Archiving;

/// <summary>What all that work on a backup share.</summary>
internal sealed record BackupWork(RepositoryWriter Writer, Chunker Chunker, WorkQueue Queue, BackupTally Tally, NodeText Text, CancellationToken Stop)
{
    public ReadBuffers Buffers { get; } = new();
}
