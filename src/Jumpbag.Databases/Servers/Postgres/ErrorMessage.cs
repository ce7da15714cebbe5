using System.Globalization;
using System.Text;
using Jumpbag.Core;

namespace Jumpbag.Databases.Servers.Postgres;

/// <summary>Fields of an ErrorResponse: 1 byte that says which, the text, NUL; a NUL at the end.</summary>
/// <remarks>https://www.postgresql.org/docs/current/protocol-error-fields.html</remarks>
internal sealed class ErrorMessage
{
    /// <summary>Messages quote rows and statements: what is shown of each field.</summary>
    private const int MostShown = 2000;

    private readonly Dictionary<char, ByteString> fields = [];

    /// <summary>After it the server closes the connection.</summary>
    public bool IsFatal => Text('V') is "FATAL" or "PANIC";

    private string Text(char field) => fields.GetValueOrDefault(field).ToString();

    public static ErrorMessage Parse(ReadOnlySpan<byte> message, ServerSocket socket)
    {
        var error = new ErrorMessage();
        var reader = new MessageReader(message, socket);
        while (reader.Left > 0 && reader.Byte() is var field and not 0)
        {
            ReadOnlySpan<byte> text = reader.NulTerminated();
            error.fields[(char)field] = new(text[..Math.Min(text.Length, MostShown)]);
        }
        return error;
    }

    public ServerException ToException(string? hint = null)
    {
        string state = Text('C'), given = Text('H');
        return new($"error {state}: {Text('M')}", 0, state, given.Length > 0 ? given : hint)
        {
            Position = int.TryParse(Text('P'), NumberStyles.None, CultureInfo.InvariantCulture, out int position) ? position : 0,
            Detail = fields.ContainsKey('D') ? Text('D') : null,
            Where = fields.GetValueOrDefault('W'),
        };
    }

    public override string ToString() => Text('M');
}
