namespace Jumpbag.Facts.SystemdJournal;

/// <summary>A message in systemd's journal.</summary>
/// <param name="Priority">0 emergency … 3 error … 7 debug, as syslog counts; 6 where none is said.</param>
/// <param name="IsOfKernel">It came from the kernel's log.</param>
/// <param name="Program">"sshd"; "" where none is said.</param>
/// <param name="Message">Its beginning.</param>
public sealed record JournalEntry(DateTimeOffset Time, int Priority, bool IsOfKernel, string Program, string Message);
