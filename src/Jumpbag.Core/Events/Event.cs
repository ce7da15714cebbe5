namespace Jumpbag.Core.Events;

/// <summary>
/// Something that a running command tells. Text, JSON and the incident journal are renderers of the same events.
/// </summary>
public abstract record Event;

/// <summary>A fact worth one line: which filesystem was taken for the root, what was copied.</summary>
public sealed record Status(string Subject, string Message) : Event;

/// <summary>Filesystems of a source that were opened for reading: of each, whether its journal is clean, was replayed, or was not and why.</summary>
public sealed record FileSystemsOpened(string Source, IReadOnlyList<OpenedFileSystem> FileSystems) : Event;

/// <param name="Locator">"disk.img@2".</param>
/// <param name="Opened">"clean", "journal replayed: …", "journal not replayed: …".</param>
/// <param name="MountPoint">Where it stands in a tree that was joined from several; else null.</param>
public sealed record OpenedFileSystem(string Locator, string Opened, string? MountPoint);

/// <summary>Something the person should know although the command goes on.</summary>
public sealed record Warning(string Message, string? Hint = null) : Event;

/// <summary>Damage within one file, named by its path as the person gave or would give it. The outcome is then "partial".</summary>
public sealed record FileDamaged(string Path, Damage Damage) : Event;

/// <summary>A file that was not delivered, by its path in the source, and why. The outcome is then "partial".</summary>
public sealed record FileFailed(string Path, string Reason) : Event;

/// <summary>A file that is not in the backup, or not all of it, by its path, and why. The outcome is then "partial".</summary>
public sealed record FileNotSaved(string Path, string Reason) : Event;

/// <summary>A source among several that could not be read, by its name as given, and why. The others are gone on with.</summary>
public sealed record SourceFailed(string Source, string Reason, string? Hint = null) : Event;

/// <summary>What made the whole command fail.</summary>
public sealed record CommandFailed(string Message) : Event;

/// <summary>A file that was delivered, for those who asked to see each.</summary>
public sealed record FileDelivered(string Path) : Event;

/// <summary>How many bytes a command has moved in all, when it ends: for the record, since how far it is may never have been told.</summary>
public sealed record BytesMoved(long Bytes) : Event;

/// <summary>How far the work is.</summary>
public sealed record Progressed(Progress Progress) : Event;

/// <summary>How far the work is, in the words that the person chose: on one line that the next takes the place of, or (kept) on a line of its own.</summary>
/// <param name="Progress">The same in numbers.</param>
public sealed record ProgressText(string Text, bool Kept, Progress? Progress = null) : Event;

/// <summary>Takes events, from any thread.</summary>
public delegate void EventSink(Event happened);
