namespace Jumpbag.Databases.Servers;

/// <summary>An answer longer than its reader takes: the connection cannot be used on.</summary>
internal sealed class AnswerTooLargeException : Exception;
